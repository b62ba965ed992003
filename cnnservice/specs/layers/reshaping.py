"""Layers that lay the same numbers out otherwise, pad or repeat them."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from cnnservice.specs.layers.base import LayerSpec, Shape, ShapeMismatch, needs_rank
from cnnservice.specs.layers.windows import WHAT, Pair


class Flatten(LayerSpec):
    """keras.layers.Flatten."""

    type: Literal["flatten"] = "flatten"

    def shape_after(self, input_shape: Shape) -> Shape:
        return (prod(input_shape),)

    def is_linear(self) -> bool:
        return True


Side = Annotated[int, Field(ge=-1, le=1 << 20)]


class Reshape(LayerSpec):
    """keras.layers.Reshape. target_shape is without the batch dimension; one side may be -1, which is what is left."""

    type: Literal["reshape"] = "reshape"
    target_shape: Annotated[tuple[Side, ...], Field(min_length=1, max_length=6)]

    @model_validator(mode="after")
    def _sides(self) -> Reshape:
        if 0 in self.target_shape or self.target_shape.count(-1) > 1:
            raise ValueError("the sides of target_shape are whole numbers from 1; at most one of them may be -1")
        return self

    def shape_after(self, input_shape: Shape) -> Shape:
        size, known = prod(input_shape), prod(side for side in self.target_shape if side != -1)
        if size % known or (-1 not in self.target_shape and size != known):
            raise ShapeMismatch(
                f"cannot lay {size} numbers of its input {list(input_shape)} out as {list(self.target_shape)}, "
                f"which holds {'a multiple of ' if -1 in self.target_shape else ''}{known}"
            )
        return tuple(size // known if side == -1 else side for side in self.target_shape)

    def is_linear(self) -> bool:
        return True


def _as_borders(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return ((value, value), (value, value))
    if isinstance(value, list | tuple) and all(isinstance(side, int) for side in value):
        return tuple((side, side) for side in value)
    return value


Border = Annotated[int, Field(ge=0, le=4096)]
_TwoBorders = tuple[Border, Border]
Borders = Annotated[
    tuple[_TwoBorders, _TwoBorders],
    BeforeValidator(_as_borders, json_schema_input_type=Border | _TwoBorders | tuple[_TwoBorders, _TwoBorders]),
]


class ZeroPadding2D(LayerSpec):
    """keras.layers.ZeroPadding2D. padding is one number, (height, width), or ((top, bottom), (left, right))."""

    type: Literal["zero_padding2d"] = "zero_padding2d"
    padding: Borders = ((1, 1), (1, 1))

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, WHAT[2])
        height, width, channels = input_shape
        return (height + sum(self.padding[0]), width + sum(self.padding[1]), channels)

    def is_linear(self) -> bool:
        return True


class UpSampling2D(LayerSpec):
    """keras.layers.UpSampling2D. Repeats rows and columns, or interpolates between them."""

    type: Literal["up_sampling2d"] = "up_sampling2d"
    size: Pair = (2, 2)
    interpolation: Literal["nearest", "bilinear"] = "nearest"

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, WHAT[2])
        height, width, channels = input_shape
        return (height * self.size[0], width * self.size[1], channels)

    def is_linear(self) -> bool:
        return True
