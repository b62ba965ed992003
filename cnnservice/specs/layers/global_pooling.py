"""Pooling over a whole feature map."""

from __future__ import annotations

from typing import ClassVar, Literal

from cnnservice.specs.layers.base import LayerSpec, Shape, needs_rank
from cnnservice.specs.layers.windows import WHAT


class GlobalPooling(LayerSpec):
    """What they share. keepdims keeps the sides, each 1 long."""

    rank: ClassVar[int]
    averages: ClassVar[bool] = False

    keepdims: bool = False

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, self.rank + 1, WHAT[self.rank])
        return (*((1,) * self.rank if self.keepdims else ()), input_shape[-1])

    def is_linear(self) -> bool:
        return self.averages


class GlobalMaxPooling1D(GlobalPooling):
    """keras.layers.GlobalMaxPooling1D."""

    rank: ClassVar[int] = 1
    type: Literal["global_max_pooling1d"] = "global_max_pooling1d"


class GlobalMaxPooling2D(GlobalPooling):
    """keras.layers.GlobalMaxPooling2D."""

    rank: ClassVar[int] = 2
    type: Literal["global_max_pooling2d"] = "global_max_pooling2d"


class GlobalMaxPooling3D(GlobalPooling):
    """keras.layers.GlobalMaxPooling3D."""

    rank: ClassVar[int] = 3
    type: Literal["global_max_pooling3d"] = "global_max_pooling3d"


class GlobalAveragePooling1D(GlobalPooling):
    """keras.layers.GlobalAveragePooling1D."""

    rank: ClassVar[int] = 1
    averages: ClassVar[bool] = True
    type: Literal["global_average_pooling1d"] = "global_average_pooling1d"


class GlobalAveragePooling2D(GlobalPooling):
    """keras.layers.GlobalAveragePooling2D."""

    rank: ClassVar[int] = 2
    averages: ClassVar[bool] = True
    type: Literal["global_average_pooling2d"] = "global_average_pooling2d"


class GlobalAveragePooling3D(GlobalPooling):
    """keras.layers.GlobalAveragePooling3D."""

    rank: ClassVar[int] = 3
    averages: ClassVar[bool] = True
    type: Literal["global_average_pooling3d"] = "global_average_pooling3d"
