"""Slices by epoch as a moving picture: GIF and WebP, the frames of the page that animation.py makes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnservice.drawing.captions import INK, font
from cnnservice.drawing.colormaps import colormap, palette_with_white
from cnnservice.drawing.grid import BACKGROUND, Layout, place_tiles
from cnnservice.drawing.normalize import Normalize, shade

STRIP_HEIGHT = 24
LAST_FRAME_MS = 1000

_TEXT = 13


def animation_gif(
    frames: NDArray[np.floating[Any]],
    *,
    epochs: Sequence[int],
    captions: Sequence[str],
    layout: Layout,
    cmap: str = "gray",
    normalize: Normalize = "each",
    interval_ms: int = 200,
) -> bytes:
    """A GIF of frames (E, n, H, W), one an epoch, for ever from the start; the last is held for a second.

    Below the tiles, in STRIP_HEIGHT pixels, stands the epoch, and its caption where there is room for all. Ranges are
    those of animation_html. The palette is the colormap itself; where white is not in it and every level is used, the
    rarest level makes room for white and takes the colour next to its own. Frames in colour (E, n, H, W, 3) share
    one palette of 255 colours made for them, without dithering. Durations are rounded down to 10 ms, as GIF has them.
    Raises UnknownColormap.
    """
    cells, palette, white = _indexed(shade(frames, normalize, colour=frames.ndim == 5), cmap)
    ink = _nearest_to_greys(palette, white)
    pictures = []
    for canvas in _canvases(cells[..., np.newaxis], layout, epochs, captions, background=white, ink=ink):
        picture = Image.fromarray(canvas, "P")
        picture.putpalette(palette.tobytes())
        pictures.append(picture)
    # optimize would give every frame a palette of its own.
    return _encode(pictures, "GIF", interval_ms, optimize=False)


def animation_webp(
    frames: NDArray[np.floating[Any]],
    *,
    epochs: Sequence[int],
    captions: Sequence[str],
    layout: Layout,
    cmap: str = "gray",
    normalize: Normalize = "each",
    interval_ms: int = 200,
) -> bytes:
    """The same as a lossless WebP: every colour as it is, in a tenth of the bytes or less.

    Raises UnknownColormap.
    """
    levels = shade(frames, normalize, colour=frames.ndim == 5)
    pixels = levels if frames.ndim == 5 else colormap(cmap)[levels]
    greys = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    canvases = _canvases(pixels, layout, epochs, captions, background=BACKGROUND, ink=greys)
    # Of 30 epochs of 64 filters, method 2 makes 88 kB in 0.28 s; method 0 makes 640 kB in the same time, and 4 the
    # same bytes in 0.4 s. Key frames, which none of these needs, would add 60 % to the time.
    return _encode(
        [Image.fromarray(canvas) for canvas in canvases],
        "WEBP",
        interval_ms,
        lossless=True,
        method=2,
        quality=0,
        kmin=1 << 30,
        kmax=(1 << 30) + 1,
    )


def _encode(pictures: Sequence[Image.Image], format_: str, interval_ms: int, **options: Any) -> bytes:
    durations = [interval_ms] * (len(pictures) - 1) + [max(interval_ms, LAST_FRAME_MS)]
    buffer = io.BytesIO()
    pictures[0].save(buffer, format_, save_all=True, append_images=pictures[1:], duration=durations, loop=0, **options)
    return buffer.getvalue()


def _canvases(
    cells: NDArray[np.uint8],
    layout: Layout,
    epochs: Sequence[int],
    captions: Sequence[str],
    *,
    background: int,
    ink: NDArray[np.uint8],
) -> Iterator[NDArray[np.uint8]]:
    """A picture an epoch of cells (E, n, H, W, C), with the text in ink[grey]."""
    texts = _texts(epochs, captions, layout.width)
    # No two epochs have the same text, so there are no equal frames that an encoder would make one of.
    width = max(layout.width, *(_width(text) for text in texts))
    for frame, text in zip(cells, texts, strict=True):
        tiles = place_tiles(frame, layout, background=background)
        canvas = np.full((layout.height + STRIP_HEIGHT, width, *tiles.shape[2:]), background, np.uint8)
        canvas[: layout.height, : layout.width] = tiles
        canvas[layout.height :] = ink[_strip(text, width)]
        yield canvas


def _texts(epochs: Sequence[int], captions: Sequence[str], width: int) -> list[str]:
    """What is written below each frame: as much as fits in every frame, and the epoch in any case."""
    numbers = [f"epoch {epoch}" for epoch in epochs]
    of_all = [f"{number} of {epochs[-1]}" for number in numbers]
    full = [f"{text} · {caption}" if caption else text for text, caption in zip(of_all, captions, strict=True)]
    return next((texts for texts in (full, of_all) if max(map(_width, texts)) <= width), numbers)


def _width(text: str) -> int:
    return int(font(_TEXT).getlength(text)) + 3


def _strip(text: str, width: int) -> NDArray[np.uint8]:
    strip = Image.new("L", (width, STRIP_HEIGHT), 255)
    ImageDraw.Draw(strip).text((1, STRIP_HEIGHT / 2 + 2), text, fill=INK, font=font(_TEXT), anchor="lm")
    return np.asarray(strip)


def _indexed(levels: NDArray[np.uint8], cmap: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8], int]:
    """Cells (E, n, H, W) as indices, the palette (256, 3), and the index of white."""
    if levels.ndim == 5:
        return _quantized(levels)
    table = colormap(cmap)
    if (indexed := palette_with_white(table, levels)) is not None:
        return levels, *indexed
    rarest = int(np.bincount(levels.ravel(), minlength=len(table)).argmin())
    palette = table.copy()
    palette[rarest] = 255
    return np.where(levels == rarest, rarest - 1 if rarest else 1, levels).astype(np.uint8), palette, rarest


def _quantized(colours: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8], int]:
    flat = Image.fromarray(colours.reshape(-1, *colours.shape[-2:]))
    indexed = flat.quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.full((256, 3), 255, np.uint8)
    found = np.array(indexed.getpalette(), np.uint8).reshape(-1, 3)[:255]
    palette[: len(found)] = found
    return np.asarray(indexed).reshape(colours.shape[:-1]), palette, 255


def _nearest_to_greys(palette: NDArray[np.uint8], white: int) -> NDArray[np.uint8]:
    """For each grey 0..255 the index of the colour nearest to it, and of white for white."""
    greys = np.arange(256)[:, np.newaxis, np.newaxis]
    nearest: NDArray[np.uint8] = ((palette.astype(int) - greys) ** 2).sum(axis=2).argmin(axis=1).astype(np.uint8)
    nearest[255] = white
    return nearest
