"""Which class is taken for which, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnservice.drawing.captions import Font, font, shortened
from cnnservice.drawing.grid import BACKGROUND, layout, place_tiles
from cnnservice.drawing.png import encode_png

# Of a row's share none, and all.
_LIGHT, _DARK = np.array([247, 250, 253]), np.array([8, 48, 107])
_GRID_LINE, _INK, _FAINT, _PAPER = 226, (34, 34, 34), (170, 176, 184), (255, 255, 255)
# Above this share white is read more easily.
_WHITE_FROM = 0.3
_SIDE, _LARGEST_CELL, _SMALLEST_CELL = 900, 46, 2
_TITLE, _NAME, _NUMBER, _SMALLEST_TEXT = 14, 12, 13, 7
_LONGEST_NAME, _ROOM, _MARGIN = 130, 6, 10


def draw_confusion_png(counts: NDArray[Any], classes: Sequence[str], *, scale: int = 2) -> bytes:
    """A PNG of counts (k, k), rows the true classes, columns the predicted ones.

    A cell is the darker, the larger its share of its row, and shows its count where all counts have room. classes
    are k names; of very many, those that have room are written. scale enlarges all of it.
    """
    k = len(counts)
    cell = max(_SMALLEST_CELL, min(_LARGEST_CELL, _SIDE // k)) * scale
    sides = layout(k * k, 1, 1, cols=k, scale=cell - scale, gap=scale)
    face = font(max(_SMALLEST_TEXT, min(_NAME, cell // scale - 1)) * scale)
    texts = [shortened(name, face, _LONGEST_NAME * scale) for name in classes]
    widest = ceil(max(face.getlength(text) for text in texts))
    upright = widest > cell - 2 * scale
    head = (_TITLE + 2 * _MARGIN) * scale
    left = head + widest + _ROOM * scale
    top = head + (widest if upright else _NAME * scale) + _ROOM * scale

    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    canvas = np.full((top + sides.height + _MARGIN * scale, left + sides.width + _MARGIN * scale, 3), 255, np.uint8)
    tiles = share_colours(shares).reshape(k * k, 1, 1, 3)
    canvas[top : top + sides.height, left : left + sides.width] = place_tiles(tiles, sides, background=_GRID_LINE)

    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    centres = [(number + 0.5) * cell - scale / 2 for number in range(k)]
    titles = font(_TITLE * scale)
    pen.text((left + sides.width / 2, head / 2), "predicted", fill=_INK, font=titles, anchor="mm")
    _write_up(picture, "true", titles, head / 2, top + sides.height / 2, anchor="mm")
    every = ceil((_SMALLEST_TEXT + 2) * scale / cell)
    for number in range(0, k, every):
        at, text = centres[number], texts[number]
        pen.text((left - _ROOM * scale, top + at), text, fill=_INK, font=face, anchor="rm")
        if upright:
            _write_up(picture, text, face, left + at, top - _ROOM * scale, anchor="lm")
        else:
            pen.text((left + at, top - 1.5 * _ROOM * scale), text, fill=_INK, font=face, anchor="ms")
    _write_counts(pen, counts, shares, [left + at for at in centres], [top + at for at in centres], cell, scale)
    return encode_png(np.asarray(picture))


def share_colours(shares: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The colour of each share 0..1, (..., 3) uint8, from nearly white to dark blue by the share's square root.

    By the share itself, what goes wrong in one case of fifty would look like what never does.
    """
    darkness = np.sqrt(shares)[..., np.newaxis]
    colours: NDArray[np.uint8] = np.rint(_LIGHT + darkness * (_DARK - _LIGHT)).astype(np.uint8)
    return colours


def _write_counts(
    pen: ImageDraw.ImageDraw,
    counts: NDArray[Any],
    shares: NDArray[np.floating[Any]],
    xs: Sequence[float],
    ys: Sequence[float],
    cell: int,
    scale: int,
) -> None:
    longest = font(_NUMBER * scale).getlength("0" * len(str(int(counts.max()))))
    size = min(_NUMBER * scale, int(_NUMBER * scale * (cell - 5 * scale) / longest))
    if size < _SMALLEST_TEXT * scale:
        return
    face = font(size)
    for y, row, row_shares in zip(ys, counts.tolist(), shares.tolist(), strict=True):
        for x, count, share in zip(xs, row, row_shares, strict=True):
            ink = _PAPER if share >= _WHITE_FROM else _INK if count else _FAINT
            pen.text((x, y), str(count), fill=ink, font=face, anchor="mm")


def _write_up(picture: Image.Image, text: str, face: Font, x: float, y: float, *, anchor: str) -> None:
    """Text from below to above, its middle at x, and its start (lm) or its middle (mm) at y."""
    # Pillow draws no text upwards, so it is drawn across and turned.
    _, high, _, low = (round(edge) for edge in face.getbbox("Ag", anchor="lm"))
    label = Image.new("L", (ceil(face.getlength(text)) + 2, low - high), 0)
    ImageDraw.Draw(label).text((0, -high), text, fill=BACKGROUND, font=face, anchor="lm")
    label = label.rotate(90, expand=True)
    bottom = y if anchor == "lm" else y + label.height / 2
    picture.paste(_INK, (round(x + high), round(bottom - label.height)), label)
