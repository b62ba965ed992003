"""Pooling over windows."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnnservice.specs.layers.base import LayerSpec, Shape, needs_rank
from cnnservice.specs.layers.windows import WHAT, Padding, Pair, Single, Triple, window_output


class Pooling(LayerSpec):
    """What pooling over any number of sides shares. strides is pool_size where not given."""

    rank: ClassVar[int]
    averages: ClassVar[bool] = False

    pool_size: tuple[int, ...]
    strides: tuple[int, ...] | None = None
    padding: Padding = "valid"

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, self.rank + 1, WHAT[self.rank])
        sides = window_output(input_shape, self.pool_size, self.strides or self.pool_size, self.padding, "pool")
        return (*sides, input_shape[-1])

    def is_linear(self) -> bool:
        return self.averages


class MaxPooling1D(Pooling):
    """keras.layers.MaxPooling1D."""

    rank: ClassVar[int] = 1
    type: Literal["max_pooling1d"] = "max_pooling1d"
    pool_size: Single = (2,)
    strides: Single | None = None


class MaxPooling2D(Pooling):
    """keras.layers.MaxPooling2D."""

    rank: ClassVar[int] = 2
    type: Literal["max_pooling2d"] = "max_pooling2d"
    pool_size: Pair = (2, 2)
    strides: Pair | None = None


class MaxPooling3D(Pooling):
    """keras.layers.MaxPooling3D."""

    rank: ClassVar[int] = 3
    type: Literal["max_pooling3d"] = "max_pooling3d"
    pool_size: Triple = (2, 2, 2)
    strides: Triple | None = None


class AveragePooling1D(Pooling):
    """keras.layers.AveragePooling1D."""

    rank: ClassVar[int] = 1
    averages: ClassVar[bool] = True
    type: Literal["average_pooling1d"] = "average_pooling1d"
    pool_size: Single
    strides: Single | None = None


class AveragePooling2D(Pooling):
    """keras.layers.AveragePooling2D."""

    rank: ClassVar[int] = 2
    averages: ClassVar[bool] = True
    type: Literal["average_pooling2d"] = "average_pooling2d"
    pool_size: Pair = (2, 2)
    strides: Pair | None = None


class AveragePooling3D(Pooling):
    """keras.layers.AveragePooling3D."""

    rank: ClassVar[int] = 3
    averages: ClassVar[bool] = True
    type: Literal["average_pooling3d"] = "average_pooling3d"
    pool_size: Triple = (2, 2, 2)
    strides: Triple | None = None
