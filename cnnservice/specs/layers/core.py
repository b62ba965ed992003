"""Dense, Flatten and Dropout."""

from __future__ import annotations

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.layers.base import (
    ActivationName,
    Initializer,
    LayerSpec,
    Parameters,
    PositiveInt,
    Shape,
)


class Dense(LayerSpec):
    """keras.layers.Dense. Acts on the last dimension; kernel (inputs, units)."""

    type: Literal["dense"] = "dense"
    units: PositiveInt
    activation: ActivationName | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def parameters(self, input_shape: Shape) -> Parameters:
        count, formula = input_shape[-1] * self.units, f"{input_shape[-1]}*{self.units}"
        if self.use_bias:
            return Parameters(count + self.units, f"{formula}+{self.units}")
        return Parameters(count, formula)


class Flatten(LayerSpec):
    """keras.layers.Flatten."""

    type: Literal["flatten"] = "flatten"

    def output_shape(self, input_shape: Shape) -> Shape:
        return (prod(input_shape),)


class Dropout(LayerSpec):
    """keras.layers.Dropout: acts in training only. rate is the fraction of inputs set to 0."""

    type: Literal["dropout"] = "dropout"
    rate: Annotated[float, Field(ge=0, lt=1)]
    seed: Annotated[int, Field(ge=0, lt=1 << 31)] | None = None

    def output_shape(self, input_shape: Shape) -> Shape:
        return input_shape
