"""Slices and images as one PNG: tiles in rows, whole-number upscaling, captions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isqrt, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.captions import LINE_HEIGHT, write_captions
from cnnservice.drawing.colormaps import colormap, palette_with_white
from cnnservice.drawing.normalize import Normalize, shade
from cnnservice.drawing.png import encode_png

BACKGROUND = 255

_TILE_SIDE = 80
# A tile's longer side is so many gaps: wide enough that a white cell at an edge does not run into the next tile.
_GAPS_A_SIDE = 12
_WIDEST = 2.5


@dataclass(frozen=True)
class Layout:
    """Where tiles lie. tile_height and tile_width are cells, scale pixels a cell; gap and label_height pixels.

    Tile (r, c) starts at y = r * (tile_height * scale + label_height + gap), x = c * (tile_width * scale + gap);
    its caption is in the label_height pixels below it. There is no border around the whole. A tile of several
    planes is that many equal parts side by side, each seam pixels wider than its cells, the last one not.
    """

    rows: int
    cols: int
    scale: int
    gap: int
    tile_height: int
    tile_width: int
    label_height: int = 0
    planes: int = 1

    @property
    def seam(self) -> int:
        """Pixels between the planes of a tile."""
        return max(1, self.gap // 3) if self.planes > 1 else 0

    @property
    def tile_pixels(self) -> tuple[int, int]:
        """Height and width of a tile."""
        return self.tile_height * self.scale, self.tile_width * self.scale + (self.planes - 1) * self.seam

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
        return self.tile_pixels[0] + self.label_height + self.gap

    @property
    def col_pitch(self) -> int:
        """Pixels from one column of tiles to the next."""
        return self.tile_pixels[1] + self.gap


def layout(
    n: int,
    height: int,
    width: int,
    *,
    cols: int | None = None,
    scale: int | None = None,
    gap: int | None = None,
    labels: int = 0,
    planes: int = 1,
) -> Layout:
    """A layout for n tiles, at least one, of height x width cells, with room for so many lines of captions.

    By default about square and without empty places where n divides so (32 is 4 x 8), and the longer side of a
    tile, or of each of its planes, is about 80 pixels.
    """
    longest = max(height, width // planes)
    cols = cols or _default_cols(n)
    scale = scale or max(1, round(_TILE_SIDE / longest))
    return Layout(
        rows=ceil(n / cols),
        cols=cols,
        scale=scale,
        gap=max(1, scale * longest // _GAPS_A_SIDE) if gap is None else gap,
        tile_height=height,
        tile_width=width,
        label_height=LINE_HEIGHT * labels,
        planes=planes,
    )


def draw_slices(
    slices: NDArray[np.floating[Any]],
    layout: Layout,
    *,
    cmap: str = "gray",
    normalize: Normalize = "each",
    labels: Sequence[str] | None = None,
) -> bytes:
    """A PNG of slices (n, H, W), greyscale for the colormap gray, else in its colours, on white.

    Slices in colour (n, H, W, 3) are drawn as RGB, whatever the colormap; the three channels of a slice have one
    range. labels[i] is written below tile i, in the room layout(labels=1) makes.
    Raises UnknownColormap.
    """
    table = colormap(cmap)
    if slices.ndim == 4:
        return draw_images(shade(slices, normalize, colour=True), layout, labels=labels)
    levels = shade(slices, normalize, colour=False)
    if cmap == "gray":
        return draw_images(levels[..., np.newaxis], layout, labels=labels)
    # A third of the work of RGB. Captions are smooth, so they have colours of their own.
    if labels is None and (indexed := palette_with_white(table, levels)) is not None:
        palette, white = indexed
        return encode_png(place_tiles(levels[..., np.newaxis], layout, background=white), palette)
    return draw_images(table[levels], layout, labels=labels)


def draw_images(images: NDArray[np.uint8], layout: Layout, *, labels: Sequence[str] | None = None) -> bytes:
    """A PNG of images (n, H, W, C) uint8 as they are, greyscale for C = 1, RGB for C = 3, on white.

    labels[i] is written below tile i, each of its lines on one of those that layout(labels=lines) makes room for.
    """
    canvas = place_tiles(images, layout)
    if labels is not None:
        height, width = layout.tile_pixels
        corners = [
            (col * layout.col_pitch, row * layout.row_pitch + height)
            for row, col in (divmod(index, layout.cols) for index in range(len(labels)))
        ]
        canvas = write_captions(canvas, labels, corners, width)
    return encode_png(canvas)


def place_tiles(tiles: NDArray[np.uint8], layout: Layout, *, background: int = BACKGROUND) -> NDArray[np.uint8]:
    """Tiles (n, H, W, C) on a canvas (height, width) for C = 1, else (height, width, C)."""
    n, height, width, channels = tiles.shape
    rows, cols = layout.rows, layout.cols
    places = np.full((rows * cols, height, width, channels), background, np.uint8)
    places[:n] = tiles
    # All cells, with a last row and column of background that gaps and captions are taken from.
    cells = np.full((rows * height + 1, cols * width + 1, channels), background, np.uint8)
    cells[:-1, :-1] = (
        places.reshape(rows, cols, height, width, channels).swapaxes(1, 2).reshape(rows * height, cols * width, -1)
    )
    across = _cell_of_pixel(layout.width, layout.col_pitch, width, cols, layout.scale, layout.planes, layout.seam)
    down = _cell_of_pixel(layout.height, layout.row_pitch, height, rows, layout.scale)
    canvas = cells.take(across, axis=1).take(down, axis=0)
    return canvas[..., 0] if channels == 1 else canvas


def _cell_of_pixel(
    pixels: int, pitch: int, cells_a_tile: int, tiles: int, scale: int, planes: int = 1, seam: int = 0
) -> NDArray[np.int64]:
    """For each pixel along one axis the cell it shows, or the one after the last where no tile is."""
    tile, offset = np.divmod(np.arange(pixels), pitch)
    cells_a_plane = cells_a_tile // planes
    plane, within = np.divmod(offset, cells_a_plane * scale + seam) if planes > 1 else (0, offset)
    cell = within // scale
    shown = (cell < cells_a_plane) & (plane < planes)
    return np.where(shown, tile * cells_a_tile + plane * cells_a_plane + cell, tiles * cells_a_tile)


def _default_cols(n: int) -> int:
    rows = next(divisor for divisor in range(isqrt(n), 0, -1) if n % divisor == 0)
    cols = n // rows
    return cols if cols <= _WIDEST * rows else ceil(sqrt(n))
