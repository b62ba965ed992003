"""Pooling over images."""

from __future__ import annotations

from typing import Literal

from cnnservice.specs.layers.base import LayerSpec, Padding, Pair, Shape, needs_rank, window_output


class MaxPooling2D(LayerSpec):
    """keras.layers.MaxPooling2D. strides is pool_size where not given."""

    type: Literal["max_pooling2d"] = "max_pooling2d"
    pool_size: Pair = (2, 2)
    strides: Pair | None = None
    padding: Padding = "valid"

    def output_shape(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, "height, width, channels")
        strides = self.strides or self.pool_size
        sides = window_output(input_shape, self.pool_size, strides, (1, 1), self.padding, "pool")
        return (*sides, input_shape[-1])
