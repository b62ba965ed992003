"""Activations as layers of their own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.layers.activations import ActivationName, is_linear_activation
from cnnservice.specs.layers.base import LayerSpec, Shape

Slope = Annotated[float, Field(ge=0, le=1e3)]


class Activation(LayerSpec):
    """keras.layers.Activation."""

    type: Literal["activation"] = "activation"
    activation: ActivationName

    def shape_after(self, input_shape: Shape) -> Shape:
        return input_shape

    def is_linear(self) -> bool:
        return is_linear_activation(self.activation)


class ReLU(LayerSpec):
    """keras.layers.ReLU. `re_lu` is Keras' own way to write it in snake case; `relu` is taken as well."""

    type: Literal["re_lu", "relu"] = "re_lu"
    max_value: Annotated[float, Field(ge=0, le=1e6)] | None = None
    negative_slope: Slope = 0.0
    threshold: Annotated[float, Field(ge=0, le=1e6)] = 0.0

    def shape_after(self, input_shape: Shape) -> Shape:
        return input_shape


class LeakyReLU(LayerSpec):
    """keras.layers.LeakyReLU. `leaky_re_lu` is Keras' own way to write it in snake case."""

    type: Literal["leaky_re_lu", "leaky_relu"] = "leaky_re_lu"
    negative_slope: Slope = 0.3

    def shape_after(self, input_shape: Shape) -> Shape:
        return input_shape
