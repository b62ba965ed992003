"""The fully connected layer."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnnservice.specs.layers.activations import ActivationName, is_linear_activation
from cnnservice.specs.layers.base import LayerSpec, Parameters, PositiveInt, Shape, plus_bias
from cnnservice.specs.layers.initializers import Initializer
from cnnservice.specs.layers.regularizers import Regularizer


class Dense(LayerSpec):
    """keras.layers.Dense. Acts on the last dimension; kernel (inputs, units)."""

    has_kernel: ClassVar[bool] = True

    type: Literal["dense"] = "dense"
    units: PositiveInt
    activation: ActivationName | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None

    def shape_after(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.units)

    def parameters(self, input_shape: Shape) -> Parameters:
        inputs = input_shape[-1]
        return plus_bias(f"{inputs}*{self.units}", inputs * self.units, self.units if self.use_bias else None)

    def is_linear(self) -> bool:
        return is_linear_activation(self.activation)
