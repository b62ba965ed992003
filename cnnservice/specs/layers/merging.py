"""Layers that read several others, named in `inputs`."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal

from cnnservice.specs.layers.base import LayerSpec, Shape, ShapeMismatch


class Merging(LayerSpec):
    """What they share: at least two inputs."""

    def output_shape(self, *inputs: Shape) -> Shape:
        if len(inputs) < 2:
            raise ShapeMismatch("reads at least two layers; name them in inputs")
        return self.merged(inputs)

    def shape_after(self, input_shape: Shape) -> Shape:
        return self.output_shape(input_shape)

    @abstractmethod
    def merged(self, inputs: tuple[Shape, ...]) -> Shape:
        """The shape of all inputs together. Raises ShapeMismatch."""

    def is_linear(self) -> bool:
        return True


class Add(Merging):
    """keras.layers.Add: the sum, for residual networks (arXiv 1512.03385). A side of 1 is repeated to fit."""

    type: Literal["add"] = "add"

    def merged(self, inputs: tuple[Shape, ...]) -> Shape:
        if len({len(shape) for shape in inputs}) > 1:
            raise ShapeMismatch(f"adds inputs of as many dimensions; its inputs are {_listed(inputs)}")
        sides = [_broadcast(side) for side in zip(*inputs, strict=True)]
        if None in sides:
            raise ShapeMismatch(f"adds inputs of one shape, or with sides of 1; its inputs are {_listed(inputs)}")
        return tuple(side for side in sides if side is not None)


class Concatenate(Merging):
    """keras.layers.Concatenate along the last dimension."""

    type: Literal["concatenate"] = "concatenate"

    def merged(self, inputs: tuple[Shape, ...]) -> Shape:
        if len({shape[:-1] for shape in inputs}) > 1:
            raise ShapeMismatch(
                f"joins inputs that differ in their last dimension alone; its inputs are {_listed(inputs)}"
            )
        return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))


def _broadcast(sides: tuple[int, ...]) -> int | None:
    """What sides make together, None where they do not fit."""
    longest = {side for side in sides if side != 1}
    return None if len(longest) > 1 else max(sides)


def _listed(inputs: tuple[Shape, ...]) -> str:
    return ", ".join(str(list(shape)) for shape in inputs)
