"""What a layer spec answers: the shape it makes, and how many parameters it has, without TensorFlow."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from cnnservice.specs.base import Spec

Shape = tuple[int, ...]

Initializer = Literal[
    "random_uniform",
    "random_normal",
    "truncated_normal",
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
    "orthogonal",
    "zeros",
    "ones",
]
ActivationName = Literal[
    "linear", "relu", "sigmoid", "softmax", "tanh", "elu", "selu", "gelu", "silu", "softplus", "leaky_relu"
]
Padding = Literal["valid", "same"]

# A layer's name is part of URLs and of checkpoint keys, so it has no slash.
LayerName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.\-]{0,63}$", examples=["Conv1"])]


def _as_pair(value: object) -> object:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


PositiveInt = Annotated[int, Field(ge=1, le=1 << 20)]
# As in Keras: one integer for both sides, or a pair.
Pair = Annotated[tuple[PositiveInt, PositiveInt], BeforeValidator(_as_pair, json_schema_input_type=int | list[int])]


class ShapeMismatch(Exception):
    """A layer cannot take this input; the message says what it takes. Given its place by whoever holds the list."""


@dataclass(frozen=True)
class Parameters:
    """How many numbers a layer learns, and the arithmetic, e.g. 5*5*1*32+32."""

    count: int
    formula: str


NO_PARAMETERS = Parameters(0, "0")


class LayerSpec(Spec, ABC):
    """One layer. Arguments mean what they mean in Keras. Shapes are without the batch dimension."""

    name: LayerName | None = None

    @abstractmethod
    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape this layer makes. Raises ShapeMismatch."""

    def parameters(self, input_shape: Shape) -> Parameters:  # noqa: ARG002
        """What it learns from an input of this shape: nothing, unless a layer says otherwise."""
        return NO_PARAMETERS


def needs_rank(input_shape: Shape, rank: int, what: str) -> None:
    """Raises ShapeMismatch unless the input has this many dimensions."""
    if len(input_shape) != rank:
        raise ShapeMismatch(f"needs an input of {rank} dimensions ({what}), not {list(input_shape)}")


def window_steps(size: int, window: int, stride: int, dilation: int, padding: Padding) -> int:
    """In how many places a window stands along one side. Source: Keras' convolution arithmetic, arXiv 1603.07285."""
    if padding == "same":
        return -(-size // stride)
    return (size - dilation * (window - 1) - 1) // stride + 1


def window_output(
    input_shape: Shape,
    window: tuple[int, int],
    strides: tuple[int, int],
    dilation: tuple[int, int],
    padding: Padding,
    what: str,
) -> tuple[int, int]:
    """(H, W) that a window sliding over (H, W, C) makes. Raises ShapeMismatch when it does not fit."""
    height, width = input_shape[:2]
    reach = [d * (w - 1) + 1 for w, d in zip(window, dilation, strict=True)]
    if padding == "valid" and (reach[0] > height or reach[1] > width):
        raise ShapeMismatch(
            f"{what} {reach[0]}x{reach[1]} is larger than its input {height}x{width}; "
            f"at most {height}x{width} fits with padding 'valid', or use padding 'same'"
        )
    out_h, out_w = (
        window_steps(size, w, s, d, padding)
        for size, w, s, d in zip(input_shape[:2], window, strides, dilation, strict=True)
    )
    return out_h, out_w
