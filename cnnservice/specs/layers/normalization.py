"""Normalisation of what flows through the network."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.layers.base import NO_PARAMETERS, LayerSpec, Parameters, Shape, ShapeMismatch

Epsilon = Annotated[float, Field(gt=0, le=1)]


class BatchNormalization(LayerSpec):
    """keras.layers.BatchNormalization over the last dimension. Source: arXiv 1502.03167.

    gamma and beta are learned; the moving mean and variance follow the batches and are used outside training.
    """

    type: Literal["batch_normalization"] = "batch_normalization"
    momentum: Annotated[float, Field(ge=0, le=1)] = 0.99
    epsilon: Epsilon = 1e-3
    center: bool = True
    scale: bool = True

    def shape_after(self, input_shape: Shape) -> Shape:
        return input_shape

    def parameters(self, input_shape: Shape) -> Parameters:
        channels, learned = input_shape[-1], self.center + self.scale
        formula = f"{learned}*{channels}+2*{channels}" if learned else f"2*{channels}"
        return Parameters((learned + 2) * channels, formula, non_trainable=2 * channels)

    def is_linear(self) -> bool:
        return True


class LayerNormalization(LayerSpec):
    """keras.layers.LayerNormalization. axis counts as in Keras: the batch is 0. Source: arXiv 1607.06450."""

    type: Literal["layer_normalization"] = "layer_normalization"
    axis: int | Annotated[tuple[int, ...], Field(min_length=1, max_length=6)] = -1
    epsilon: Epsilon = 1e-3
    center: bool = True
    scale: bool = True

    def shape_after(self, input_shape: Shape) -> Shape:
        self._normalized(input_shape)
        return input_shape

    def parameters(self, input_shape: Shape) -> Parameters:
        learned, sides = self.center + self.scale, self._normalized(input_shape)
        if not learned:
            return NO_PARAMETERS
        return Parameters(learned * prod(sides), f"{learned}*{'*'.join(map(str, sides))}")

    def _normalized(self, input_shape: Shape) -> Shape:
        """The lengths of the dimensions that are normalised over."""
        rank = len(input_shape) + 1
        axes = (self.axis,) if isinstance(self.axis, int) else self.axis
        places = [axis + rank if axis < 0 else axis for axis in axes]
        if not all(1 <= place < rank for place in places) or len(set(places)) < len(places):
            raise ShapeMismatch(
                f"has axis {self.axis}; its input {list(input_shape)} has the axes 1 to {rank - 1}, "
                f"or -{rank - 1} to -1, and each may be named once"
            )
        return tuple(input_shape[place - 1] for place in places)
