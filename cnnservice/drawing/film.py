"""Pictures by epoch as a moving one, GIF and WebP: slices, as the page of animation.py shows them, and others."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
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
# Pixels of a side, by format.
LONGEST_SIDE = {"gif": 65_535, "webp": 16_383}

_TEXT = 13
_GREYS = np.repeat(np.arange(256, dtype=np.uint8)[:, np.newaxis], 3, axis=1)


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
    tiles = (place_tiles(frame, layout, background=white) for frame in cells[..., np.newaxis])
    ink = _nearest_to_greys(palette, white)
    canvases = _captioned(tiles, layout.width, epochs, captions, background=white, ink=ink)
    return _encode_gif((_with_palette(canvas, palette) for canvas in canvases), len(epochs), interval_ms)


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
    tiles = (place_tiles(frame, layout) for frame in pixels)
    canvases = _captioned(tiles, layout.width, epochs, captions, background=BACKGROUND, ink=_GREYS)
    return _encode_webp(map(Image.fromarray, canvases), len(epochs), interval_ms)


def film_gif(
    pictures: Iterable[NDArray[np.uint8]],
    *,
    width: int,
    epochs: Sequence[int],
    captions: Sequence[str],
    interval_ms: int,
) -> bytes:
    """A GIF of pictures (H, width, 3) of one size, one an epoch, in the colours of the first; below each its epoch.

    They may be made while they are written: no more than one is held in all its colours.
    """
    canvases = _captioned(pictures, width, epochs, captions, background=BACKGROUND, ink=_GREYS)
    first = next(canvases)
    chosen = Image.fromarray(first).quantize(255, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    frames = (
        np.asarray(Image.fromarray(canvas).quantize(palette=chosen, dither=Image.Dither.NONE))
        for canvas in chain([first], canvases)
    )
    # The corner is background, of which the quantizer makes the mean of what is nearly white.
    palette = np.array(chosen.getpalette(), np.uint8).reshape(-1, 3)
    first_indices = next(frames)
    palette[first_indices[0, 0]] = BACKGROUND
    indexed = (_with_palette(frame, palette) for frame in chain([first_indices], frames))
    return _encode_gif(indexed, len(epochs), interval_ms)


def film_webp(
    pictures: Iterable[NDArray[np.uint8]],
    *,
    width: int,
    epochs: Sequence[int],
    captions: Sequence[str],
    interval_ms: int,
) -> bytes:
    """The same as a lossless WebP: every colour as it is."""
    canvases = _captioned(pictures, width, epochs, captions, background=BACKGROUND, ink=_GREYS)
    return _encode_webp(map(Image.fromarray, canvases), len(epochs), interval_ms)


def _with_palette(canvas: NDArray[np.uint8], palette: NDArray[np.uint8]) -> Image.Image:
    picture = Image.fromarray(canvas, "P")
    picture.putpalette(palette.tobytes())
    return picture


def _encode_gif(pictures: Iterator[Image.Image], count: int, interval_ms: int) -> bytes:
    # optimize would give every frame a palette of its own.
    return _encode(pictures, count, "GIF", interval_ms, optimize=False)


def _encode_webp(pictures: Iterator[Image.Image], count: int, interval_ms: int) -> bytes:
    # Of 30 epochs of 64 filters, method 2 makes 88 kB in 0.28 s; method 0 makes 640 kB in the same time, and 4 the
    # same bytes in 0.4 s. Key frames, which none of these needs, would add 60 % to the time.
    return _encode(
        pictures,
        count,
        "WEBP",
        interval_ms,
        lossless=True,
        method=2,
        quality=0,
        kmin=1 << 30,
        kmax=(1 << 30) + 1,
    )


def _encode(pictures: Iterator[Image.Image], count: int, format_: str, interval_ms: int, **options: Any) -> bytes:
    durations = [interval_ms] * (count - 1) + [max(interval_ms, LAST_FRAME_MS)]
    buffer = io.BytesIO()
    next(pictures).save(buffer, format_, save_all=True, append_images=pictures, duration=durations, loop=0, **options)
    return buffer.getvalue()


def _captioned(
    pictures: Iterable[NDArray[np.uint8]],
    width: int,
    epochs: Sequence[int],
    captions: Sequence[str],
    *,
    background: int,
    ink: NDArray[np.uint8],
) -> Iterator[NDArray[np.uint8]]:
    """Each picture (H, width) or (H, width, 3), below it a strip with its text in ink[grey]."""
    texts = _texts(epochs, captions, width)
    # No two epochs have the same text, so there are no equal frames that an encoder would make one of.
    wide = max(width, *(_width(text) for text in texts))
    for picture, text in zip(pictures, texts, strict=True):
        height = len(picture)
        canvas = np.full((height + STRIP_HEIGHT, wide, *picture.shape[2:]), background, np.uint8)
        canvas[:height, :width] = picture
        canvas[height:] = ink[_strip(text, wide)]
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
