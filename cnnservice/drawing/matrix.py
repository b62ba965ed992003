"""A matrix with names at its rows and columns, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnservice.drawing.captions import Font, font, shortened
from cnnservice.drawing.grid import BACKGROUND, layout, place_tiles
from cnnservice.drawing.png import encode_png

_GRID_LINE, _INK, _FAINT, _PAPER = 226, (34, 34, 34), (170, 176, 184), (255, 255, 255)
_SIDE, _LARGEST_CELL, _SMALLEST_CELL = 900, 46, 2
_TITLE, _NAME, _NUMBER, _SMALLEST_TEXT = 14, 12, 13, 7
_LONGEST_NAME, _ROOM, _MARGIN = 130, 6, 10
# On what is less bright than this, white is read more easily. The weights are Rec. 601's.
_WHITE_BELOW, _BRIGHTNESS = 137, np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class Side:
    """What the rows or the columns are, each and together."""

    title: str
    names: Sequence[str]


def draw_matrix_png(
    colours: NDArray[np.uint8],
    texts: Sequence[Sequence[str]],
    rows: Side,
    columns: Side,
    *,
    heading: str = "",
    scale: int = 2,
) -> bytes:
    """A PNG of cells in colours (r, c, 3), each with its text where all texts have room; one that is "0" or "–" faint.

    Of very many names, those that have room are written. heading stands above all. scale enlarges all of it.
    """
    height, width = colours.shape[:2]
    cell = max(_SMALLEST_CELL, min(_LARGEST_CELL, _SIDE // max(height, width))) * scale
    sides = layout(height * width, 1, 1, cols=width, scale=cell - scale, gap=scale)
    face, titles = font(max(_SMALLEST_TEXT, min(_NAME, cell // scale - 1)) * scale), font(_TITLE * scale)
    row_names, column_names = (
        [shortened(name, face, _LONGEST_NAME * scale) for name in side.names] for side in (rows, columns)
    )
    widest_row, widest_column = (ceil(max(map(face.getlength, names))) for names in (row_names, column_names))
    upright = widest_column > cell - 2 * scale
    above = (_TITLE + _MARGIN) * scale if heading else 0
    head = (_TITLE + 2 * _MARGIN) * scale
    left = head + widest_row + _ROOM * scale
    top = above + head + (widest_column if upright else _NAME * scale) + _ROOM * scale
    # Titles are in the middle of their sides, and may be longer.
    middle, centre = left + sides.width / 2, top + sides.height / 2
    margin = _MARGIN * scale
    across, up = (titles.getlength(side.title) / 2 for side in (columns, rows))
    middle, centre = max(middle, margin + across), max(centre, above + margin + up)
    right = ceil(max(left + sides.width, middle + across, margin + titles.getlength(heading))) + margin
    bottom = ceil(max(top + sides.height, centre + up)) + margin

    canvas = np.full((bottom, right, 3), 255, np.uint8)
    tiles = colours.reshape(height * width, 1, 1, 3)
    canvas[top : top + sides.height, left : left + sides.width] = place_tiles(tiles, sides, background=_GRID_LINE)

    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture)
    xs, ys = ([(number + 0.5) * cell - scale / 2 for number in range(count)] for count in (width, height))
    xs, ys = [left + x for x in xs], [top + y for y in ys]
    pen.text((margin, margin), heading, fill=_INK, font=titles, anchor="lt")
    pen.text((middle, above + head / 2), columns.title, fill=_INK, font=titles, anchor="mm")
    _write_up(picture, rows.title, titles, head / 2, centre, anchor="mm")
    every = ceil((_SMALLEST_TEXT + 2) * scale / cell)
    for y, text in list(zip(ys, row_names, strict=True))[::every]:
        pen.text((left - _ROOM * scale, y), text, fill=_INK, font=face, anchor="rm")
    for x, text in list(zip(xs, column_names, strict=True))[::every]:
        if upright:
            _write_up(picture, text, face, x, top - _ROOM * scale, anchor="lm")
        else:
            pen.text((x, top - 1.5 * _ROOM * scale), text, fill=_INK, font=face, anchor="ms")
    _write_texts(pen, texts, colours, xs, ys, cell, scale)
    return encode_png(np.asarray(picture))


def _write_texts(
    pen: ImageDraw.ImageDraw,
    texts: Sequence[Sequence[str]],
    colours: NDArray[np.uint8],
    xs: Sequence[float],
    ys: Sequence[float],
    cell: int,
    scale: int,
) -> None:
    widest = max(map(font(_NUMBER * scale).getlength, {text for row in texts for text in row}))
    size = min(_NUMBER * scale, int(_NUMBER * scale * (cell - 5 * scale) / max(widest, 1)))
    if size < _SMALLEST_TEXT * scale:
        return
    face, dark = font(size), colours @ _BRIGHTNESS < _WHITE_BELOW
    for y, row, row_dark in zip(ys, texts, dark.tolist(), strict=True):
        for x, text, on_dark in zip(xs, row, row_dark, strict=True):
            ink = _PAPER if on_dark else _FAINT if text in ("0", "–") else _INK
            pen.text((x, y), text, fill=ink, font=face, anchor="mm")


def _write_up(picture: Image.Image, text: str, face: Font, x: float, y: float, *, anchor: str) -> None:
    """Text from below to above, its middle at x, and its start (lm) or its middle (mm) at y."""
    # Pillow draws no text upwards, so it is drawn across and turned.
    _, high, _, low = (round(edge) for edge in face.getbbox("Ag", anchor="lm"))
    label = Image.new("L", (ceil(face.getlength(text)) + 2, low - high), 0)
    ImageDraw.Draw(label).text((0, -high), text, fill=BACKGROUND, font=face, anchor="lm")
    label = label.rotate(90, expand=True)
    bottom = y if anchor == "lm" else y + label.height / 2
    picture.paste(_INK, (round(x + high), round(bottom - label.height)), label)
