"""Convolutions that make images larger."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnnservice.specs.layers.activations import ActivationName, is_linear_activation
from cnnservice.specs.layers.base import LayerSpec, Parameters, PositiveInt, Shape, needs_rank, plus_bias
from cnnservice.specs.layers.initializers import Initializer
from cnnservice.specs.layers.regularizers import Regularizer
from cnnservice.specs.layers.windows import WHAT, Padding, Pair


class Conv2DTranspose(LayerSpec):
    """keras.layers.Conv2DTranspose. Kernel (H, W, filters, C_in)."""

    has_kernel: ClassVar[bool] = True

    type: Literal["conv2d_transpose"] = "conv2d_transpose"
    filters: PositiveInt
    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Padding = "valid"
    activation: ActivationName | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = "glorot_uniform"
    bias_initializer: Initializer = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, WHAT[2])
        # The shape whose convolution with this kernel and stride is the input. Source: arXiv 1603.07285, ch. 4.
        sides = (
            size * stride if self.padding == "same" else (size - 1) * stride + max(window, stride)
            for size, window, stride in zip(input_shape[:2], self.kernel_size, self.strides, strict=True)
        )
        return (*sides, self.filters)

    def parameters(self, input_shape: Shape) -> Parameters:
        (height, width), channels = self.kernel_size, input_shape[-1]
        return plus_bias(
            f"{height}*{width}*{channels}*{self.filters}",
            height * width * channels * self.filters,
            self.filters if self.use_bias else None,
        )

    def is_linear(self) -> bool:
        return is_linear_activation(self.activation)
