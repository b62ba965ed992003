"""Drawing parameters, the same wherever they make sense."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from cnnservice.specs.base import Spec

Normalize = Literal["each", "layer", "symmetric"]


def _channel(value: object) -> object:
    if value is None:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    if value == "all" or (isinstance(value, int) and value >= 0):
        return value
    raise ValueError("a channel is a whole number from 0, or 'all'")


class Tiling(Spec):
    """How tiles are laid out. Sizes are pixels; a cell is one weight or one pixel of a feature map."""

    cols: Annotated[int | None, Field(ge=1, le=4096, description="tiles in a row; about square when not given")] = None
    scale: Annotated[
        int | None, Field(ge=1, le=256, description="pixels a cell; a tile of about 80 when not given")
    ] = None
    gap: Annotated[int | None, Field(ge=0, le=256, description="pixels between tiles")] = None
    labels: Annotated[bool, Field(description="write each tile's index below it")] = False


class Shading(Spec):
    """How numbers become colours."""

    cmap: Annotated[str, Field(max_length=32, description="a colormap by matplotlib's name", examples=["viridis"])] = (
        "gray"
    )
    normalize: Annotated[
        Normalize,
        Field(description="each: every slice by its own range; layer: one range; symmetric: zero in the middle"),
    ] = "each"


class Choice(Spec):
    """Which slices are drawn: `count` from `start`, or `sample` of them drawn at random with `seed`."""

    start: Annotated[int, Field(ge=0, description="first slice")] = 0
    count: Annotated[int | None, Field(ge=1, description="how many slices; all from start when not given")] = None
    sample: Annotated[int | None, Field(ge=1, description="how many slices to draw at random")] = None
    seed: Annotated[int, Field(ge=0, lt=1 << 32, description="of the random choice")] = 0

    @model_validator(mode="after")
    def _one_way_to_choose(self) -> Choice:
        if self.sample is not None and (self.start or self.count is not None):
            raise ValueError("sample draws slices at random; it cannot be combined with start or count")
        return self


class SheetDrawing(Choice, Tiling, Shading):
    """Parameters of every picture of slices."""


class FilterDrawing(SheetDrawing):
    """Parameters of `filters` and `animation`."""

    channel: Annotated[
        Literal["all"] | int | None,
        BeforeValidator(_channel),
        Field(
            description="input channel; `all` lays C_in*C_out slices out in the order of reshape(H, W, C_in*C_out); "
            "when not given 0 for a convolution, all for a depthwise one, every pixel in its colour for a dense layer"
        ),
    ] = None
    weight: Annotated[
        str | None,
        Field(
            max_length=64,
            description="which kernel of a layer that has several",
            examples=["depthwise_kernel", "pointwise_kernel"],
        ),
    ] = None
    minus: Annotated[
        int | None, Field(ge=0, lt=10**9, description="an epoch to subtract: what is drawn is the change since then")
    ] = None


class HeatDrawing(Spec):
    """Parameters of heat over an image."""

    view: Annotated[
        Literal["overlay", "map", "both"],
        Field(description="the heat over the image, alone, or both side by side"),
    ] = "overlay"
    polarity: Annotated[
        Literal["signed", "absolute", "positive"] | None,
        Field(
            description="how values count: with their sign, by their distance from 0, or only those above 0; as suits "
            "the method when not given"
        ),
    ] = None
    channel: Annotated[
        Literal["all"] | int | None,
        BeforeValidator(_channel),
        Field(
            description="a colour channel; `all` draws each; when not given one map: their sum where signs count, else "
            "the greatest distance from 0"
        ),
    ] = None
    clip: Annotated[
        float, Field(ge=50, le=100, description="percentile of the values at which the colours end; 100 clips none")
    ] = 99.0
    cmap: Annotated[
        str | None,
        Field(max_length=32, description="a colormap by matplotlib's name; bwr where signs count, else inferno"),
    ] = None
    scale: Annotated[
        int | None, Field(ge=1, le=256, description="pixels a cell; a tile of about 280 when not given")
    ] = None
    gap: Annotated[int | None, Field(ge=0, le=256, description="pixels between tiles")] = None


class SampleDrawing(Tiling):
    """Parameters of a data set's samples."""

    rows: Annotated[int, Field(ge=1, le=100)] = 6
    cols: Annotated[int, Field(ge=1, le=100)] = 6
    class_index: Annotated[
        int | None,
        Field(ge=0, lt=1 << 31, alias="class", description="index of a class: of its images alone"),
    ] = None
    start: Annotated[
        int, Field(ge=0, description="index of the first image; with class, how many of its images are passed over")
    ] = 0
    seed: Annotated[int | None, Field(ge=0, lt=1 << 32, description="draw images at random with this seed")] = None
