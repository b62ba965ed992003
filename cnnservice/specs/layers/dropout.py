"""Layers that leave some of their input out, in training only."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cnnservice.specs.layers.base import LayerSpec, Shape, needs_rank
from cnnservice.specs.layers.windows import WHAT

Rate = Annotated[float, Field(ge=0, lt=1, description="the share that is set to 0; the rest grows to make up for it")]
Seed = Annotated[int, Field(ge=0, lt=1 << 31)]


class Dropout(LayerSpec):
    """keras.layers.Dropout. Source: Srivastava et al., JMLR 15 (2014)."""

    type: Literal["dropout"] = "dropout"
    rate: Rate
    seed: Seed | None = None

    def shape_after(self, input_shape: Shape) -> Shape:
        return input_shape

    def is_linear(self) -> bool:
        return True


class SpatialDropout2D(LayerSpec):
    """keras.layers.SpatialDropout2D: leaves whole feature maps out. Source: arXiv 1411.4280."""

    type: Literal["spatial_dropout2d"] = "spatial_dropout2d"
    rate: Rate
    seed: Seed | None = None

    def shape_after(self, input_shape: Shape) -> Shape:
        needs_rank(input_shape, 3, WHAT[2])
        return input_shape

    def is_linear(self) -> bool:
        return True
