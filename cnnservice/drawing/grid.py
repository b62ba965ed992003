"""Slices and images as one PNG: tiles in rows, whole-number upscaling, captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, isqrt, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cnnservice.drawing.colormaps import colormap
from cnnservice.drawing.normalize import Normalize, levels
from cnnservice.drawing.normalize import normalize as normalized
from cnnservice.drawing.png import encode_png

BACKGROUND = 255
INK = 40

_TILE_SIDE = 80
# A tile's longer side is so many gaps: wide enough that a white cell at an edge does not run into the next tile.
_GAPS_A_SIDE = 12
_WIDEST = 2.5
_LABEL_HEIGHT = 16
_LARGEST, _SMALLEST = 12, 7


@dataclass(frozen=True)
class Layout:
    """Where tiles lie. tile_height and tile_width are cells, scale pixels a cell; gap and label_height pixels.

    Tile (r, c) starts at y = r * (tile_height * scale + label_height + gap), x = c * (tile_width * scale + gap);
    its caption is in the label_height pixels below it. There is no border around the whole.
    """

    rows: int
    cols: int
    scale: int
    gap: int
    tile_height: int
    tile_width: int
    label_height: int = 0

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        return self.rows * self.row_pitch - self.gap

    @property
    def width(self) -> int:
        """Of the picture, in pixels."""
        return self.cols * self.col_pitch - self.gap

    @property
    def row_pitch(self) -> int:
        """Pixels from one row of tiles to the next."""
        return self.tile_height * self.scale + self.label_height + self.gap

    @property
    def col_pitch(self) -> int:
        """Pixels from one column of tiles to the next."""
        return self.tile_width * self.scale + self.gap


def layout(
    n: int,
    height: int,
    width: int,
    *,
    cols: int | None = None,
    scale: int | None = None,
    gap: int | None = None,
    labels: bool = False,
) -> Layout:
    """A layout for n tiles, at least one, of height x width cells.

    By default about square and without empty places where n divides so (32 is 4 x 8), and the longer side of a
    tile is about 80 pixels.
    """
    cols = cols or _default_cols(n)
    scale = scale or max(1, round(_TILE_SIDE / max(height, width)))
    return Layout(
        rows=ceil(n / cols),
        cols=cols,
        scale=scale,
        gap=max(1, scale * max(height, width) // _GAPS_A_SIDE) if gap is None else gap,
        tile_height=height,
        tile_width=width,
        label_height=_LABEL_HEIGHT if labels else 0,
    )


def draw_slices(
    slices: NDArray[np.floating[Any]],
    layout: Layout,
    *,
    cmap: str = "gray",
    normalize: Normalize = "each",
    labels: Sequence[str] | None = None,
) -> bytes:
    """A PNG of slices (n, H, W), greyscale for the colormap gray, else RGB, on white.

    labels[i] is written below tile i, in the room layout(labels=True) makes.
    Raises UnknownColormap.
    """
    colours = colormap(cmap)[:, :1] if cmap == "gray" else colormap(cmap)
    return _draw(colours[levels(normalized(slices, normalize))], layout, labels)


def draw_images(images: NDArray[np.uint8], layout: Layout, *, labels: Sequence[str] | None = None) -> bytes:
    """A PNG of images (n, H, W, C) uint8 as they are, greyscale for C = 1, RGB for C = 3, on white."""
    return _draw(images, layout, labels)


def _default_cols(n: int) -> int:
    rows = next(divisor for divisor in range(isqrt(n), 0, -1) if n % divisor == 0)
    cols = n // rows
    return cols if cols <= _WIDEST * rows else ceil(sqrt(n))


def _draw(tiles: NDArray[np.uint8], layout: Layout, labels: Sequence[str] | None) -> bytes:
    canvas = _place(tiles, layout)
    if labels is not None:
        canvas = _caption(canvas, layout, labels)
    return encode_png(canvas)


def _place(tiles: NDArray[np.uint8], layout: Layout) -> NDArray[np.uint8]:
    """Tiles (n, H, W, C) on a canvas (height, width) for C = 1, else (height, width, C)."""
    n, height, width, channels = tiles.shape
    rows, cols = layout.rows, layout.cols
    places = np.full((rows * cols, height, width, channels), BACKGROUND, np.uint8)
    places[:n] = tiles
    # All cells, with a last row and column of background that gaps and captions are taken from.
    cells = np.full((rows * height + 1, cols * width + 1, channels), BACKGROUND, np.uint8)
    cells[:-1, :-1] = (
        places.reshape(rows, cols, height, width, channels).swapaxes(1, 2).reshape(rows * height, cols * width, -1)
    )
    across = _cell_of_pixel(layout.width, layout.col_pitch, width, cols, layout.scale)
    down = _cell_of_pixel(layout.height, layout.row_pitch, height, rows, layout.scale)
    canvas = cells.take(across, axis=1).take(down, axis=0)
    return canvas[..., 0] if channels == 1 else canvas


def _cell_of_pixel(pixels: int, pitch: int, cells_a_tile: int, tiles: int, scale: int) -> NDArray[np.int64]:
    """For each pixel along one axis the cell it shows, or the one after the last where no tile is."""
    tile, offset = np.divmod(np.arange(pixels), pitch)
    cell = offset // scale
    return np.where(cell < cells_a_tile, tile * cells_a_tile + cell, tiles * cells_a_tile)


def _caption(canvas: NDArray[np.uint8], layout: Layout, labels: Sequence[str]) -> NDArray[np.uint8]:
    """The canvas with labels[i] centred below tile i, all in one size; one too long for its tile is left out."""
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    ink = INK if canvas.ndim == 2 else (INK, INK, INK)
    tile_width = layout.tile_width * layout.scale
    longest = max(1, *map(_font(_LARGEST).getlength, labels))
    font = _font(min(_LARGEST, max(_SMALLEST, int(_LARGEST * tile_width / longest))))
    for index, label in enumerate(labels):
        if font.getlength(label) > tile_width:
            continue
        row, col = divmod(index, layout.cols)
        x = col * layout.col_pitch + tile_width / 2
        y = row * layout.row_pitch + layout.tile_height * layout.scale + layout.label_height / 2
        pen.text((x, y), label, fill=ink, font=font, anchor="mm")
    return np.asarray(picture)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=size)
