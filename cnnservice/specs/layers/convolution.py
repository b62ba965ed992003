"""Convolutions over sequences, images and volumes."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from cnnservice.specs.layers.activations import ActivationName, is_linear_activation
from cnnservice.specs.layers.base import LayerSpec, Parameters, PositiveInt, Shape, needs_rank, plus_bias
from cnnservice.specs.layers.initializers import Initializer
from cnnservice.specs.layers.regularizers import Regularizer
from cnnservice.specs.layers.windows import WHAT, Padding, Pair, Single, Triple, window_output


def check_strides_and_dilation(strides: tuple[Any, ...], dilation_rate: tuple[Any, ...]) -> None:
    """Raises ValueError where both are above 1."""
    if max(strides) > 1 and max(dilation_rate) > 1:
        raise ValueError("strides above 1 and dilation_rate above 1 cannot be used together; set one of them to 1")


class Convolution(LayerSpec):
    """What convolutions over any number of sides share. Kernel (…sides, C_in, filters)."""

    has_kernel: ClassVar[bool] = True
    rank: ClassVar[int]

    filters: PositiveInt
    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    padding: Literal["valid", "same", "causal"] = "valid"
    dilation_rate: tuple[int, ...]
    activation: ActivationName | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None

    @model_validator(mode="after")
    def _strides_or_dilation(self) -> Convolution:
        check_strides_and_dilation(self.strides, self.dilation_rate)
        return self

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, self.rank + 1, WHAT[self.rank])
        sides = window_output(
            input_shape, self.kernel_size, self.strides, self.padding, "kernel", dilation=self.dilation_rate
        )
        return (*sides, self.filters)

    def parameters(self, input_shape: Shape) -> Parameters:
        kernel = (*self.kernel_size, input_shape[-1], self.filters)
        return plus_bias("*".join(map(str, kernel)), prod(kernel), self.filters if self.use_bias else None)

    def is_linear(self) -> bool:
        return is_linear_activation(self.activation)


class Conv1D(Convolution):
    """keras.layers.Conv1D, over (steps, C)."""

    rank: ClassVar[int] = 1
    type: Literal["conv1d"] = "conv1d"
    kernel_size: Single
    strides: Single = (1,)
    padding: Literal["valid", "same", "causal"] = "valid"
    dilation_rate: Single = (1,)


class Conv2D(Convolution):
    """keras.layers.Conv2D, over (H, W, C)."""

    rank: ClassVar[int] = 2
    type: Literal["conv2d"] = "conv2d"
    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    dilation_rate: Pair = (1, 1)


class Conv3D(Convolution):
    """keras.layers.Conv3D, over (D, H, W, C)."""

    rank: ClassVar[int] = 3
    type: Literal["conv3d"] = "conv3d"
    kernel_size: Triple
    strides: Triple = (1, 1, 1)
    padding: Padding = "valid"
    dilation_rate: Triple = (1, 1, 1)
