"""Convolutions over images."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from cnnservice.specs.layers.base import (
    ActivationName,
    Initializer,
    LayerSpec,
    Padding,
    Pair,
    Parameters,
    PositiveInt,
    Shape,
    needs_rank,
    window_output,
)


class Conv2D(LayerSpec):
    """keras.layers.Conv2D. Kernel (H, W, C_in, filters)."""

    type: Literal["conv2d"] = "conv2d"
    filters: PositiveInt
    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    dilation_rate: Pair = (1, 1)
    activation: ActivationName | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"

    @model_validator(mode="after")
    def _strides_or_dilation(self) -> Conv2D:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError("strides above 1 and dilation_rate above 1 cannot be used together; set one of them to 1")
        return self

    def output_shape(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, "height, width, channels")
        sides = window_output(input_shape, self.kernel_size, self.strides, self.dilation_rate, self.padding, "kernel")
        return (*sides, self.filters)

    def parameters(self, input_shape: Shape) -> Parameters:
        (height, width), channels = self.kernel_size, input_shape[-1]
        count, formula = (
            height * width * channels * self.filters,
            f"{height}*{width}*{channels}*{self.filters}",
        )
        if self.use_bias:
            return Parameters(count + self.filters, f"{formula}+{self.filters}")
        return Parameters(count, formula)
