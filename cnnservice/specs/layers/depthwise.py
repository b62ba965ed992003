"""Convolutions that treat each input channel by itself."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from cnnservice.specs.layers.activations import ActivationName, is_linear_activation
from cnnservice.specs.layers.base import LayerSpec, Parameters, PositiveInt, Shape, needs_rank, plus_bias
from cnnservice.specs.layers.convolution import check_strides_and_dilation
from cnnservice.specs.layers.initializers import Initializer
from cnnservice.specs.layers.regularizers import Regularizer
from cnnservice.specs.layers.windows import WHAT, Padding, Pair, window_output


class Depthwise(LayerSpec):
    """What depthwise and separable convolutions share."""

    has_kernel: ClassVar[bool] = True

    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    dilation_rate: Pair = (1, 1)
    depth_multiplier: Annotated[int, Field(ge=1, le=1024)] = 1
    activation: ActivationName | None = None
    use_bias: bool = True
    depthwise_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    depthwise_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None

    @model_validator(mode="after")
    def _as_tensorflow_computes_it(self) -> Depthwise:
        if self.strides[0] != self.strides[1]:
            raise ValueError("the strides of a depthwise convolution must be the same in height and width")
        check_strides_and_dilation(self.strides, self.dilation_rate)
        return self

    def is_linear(self) -> bool:
        return is_linear_activation(self.activation)

    def _sides(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, WHAT[2])
        return window_output(
            input_shape, self.kernel_size, self.strides, self.padding, "kernel", dilation=self.dilation_rate
        )

    def _depthwise(self, input_shape: Shape) -> tuple[int, str]:
        height, width = self.kernel_size
        channels, multiplier = input_shape[-1], self.depth_multiplier
        return height * width * channels * multiplier, f"{height}*{width}*{channels}*{multiplier}"


class DepthwiseConv2D(Depthwise):
    """keras.layers.DepthwiseConv2D. Kernel (H, W, C_in, depth_multiplier)."""

    type: Literal["depthwise_conv2d"] = "depthwise_conv2d"

    def shape_after(self, input_shape: Shape) -> Shape:
        return (*self._sides(input_shape), input_shape[-1] * self.depth_multiplier)

    def parameters(self, input_shape: Shape) -> Parameters:
        count, formula = self._depthwise(input_shape)
        return plus_bias(formula, count, input_shape[-1] * self.depth_multiplier if self.use_bias else None)


class SeparableConv2D(Depthwise):
    """keras.layers.SeparableConv2D. Kernels (H, W, C_in, multiplier) and (1, 1, C_in*multiplier, filters)."""

    type: Literal["separable_conv2d"] = "separable_conv2d"
    filters: PositiveInt
    pointwise_initializer: Initializer = "glorot_uniform"
    pointwise_regularizer: Regularizer | None = None

    def shape_after(self, input_shape: Shape) -> Shape:
        return (*self._sides(input_shape), self.filters)

    def parameters(self, input_shape: Shape) -> Parameters:
        count, formula = self._depthwise(input_shape)
        between = input_shape[-1] * self.depth_multiplier
        return plus_bias(
            f"{formula}+{between}*{self.filters}",
            count + between * self.filters,
            self.filters if self.use_bias else None,
        )
