"""Points in the plane in the colours of their classes, as a picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnservice.drawing.captions import font, shortened
from cnnservice.drawing.classes import class_colours, hexadecimal

SIDE, PADDING = 640, 14
# Points are drawn so many times as large and reduced, to be smooth.
_FINER = 4
# And a part of the picture at a time: large, all of it would take 105 MB.
_BANDS = 16
_INK, _FAINT, _FRAME = (34, 34, 34), (102, 102, 102), (208, 211, 216)
_TITLE, _TEXT, _MARGIN = 15, 12, 12
_ROW, _DOT, _LONGEST_NAME = 20, 5, 150
_HEAD = _MARGIN + 2 * _ROW + _MARGIN // 2
# Of few points each is larger.
_RADIUS, _LARGEST_RADIUS, _CROWD = 3.0, 5.0, 1000
RIM = 0.6


@dataclass(frozen=True)
class Legend:
    """A row for each class that has room, its name and colour; what is said of the others has none. width is pixels."""

    rows: Sequence[tuple[str, str | None]]
    width: int


def draw_scatter_png(
    points: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    classes: Sequence[str],
    *,
    title: str,
    note: str = "",
    scale: int = 2,
) -> bytes:
    """A PNG of points (n, 2) of classes labels (n,): SIDE pixels square, times scale, beside it what the colours are.

    Both axes have the same scale, and what is shown is all there is. title and note stand above.
    """
    # PIL writes it row by row, and makes no copy of all of it.
    content = io.BytesIO()
    scatter_picture(points, labels, classes, title=title, note=note, scale=scale).save(content, "PNG")
    return content.getvalue()


def scatter_picture(
    points: NDArray[np.floating[Any]],
    labels: NDArray[np.integer[Any]],
    classes: Sequence[str],
    *,
    title: str,
    note: str = "",
    scale: int = 2,
) -> Image.Image:
    """The same as an RGB image."""
    legend, size = legend_of(classes), picture_size(classes, scale=scale)
    picture = Image.new("RGB", size, "white")
    pen, colours = ImageDraw.Draw(picture), class_colours(len(classes))
    left, top = _MARGIN * scale, _HEAD * scale
    picture.paste(_draw_points(fitted(points), labels, colours, scale), (left, top))
    pen.rectangle([left, top, left + SIDE * scale - 1, top + SIDE * scale - 1], outline=_FRAME, width=scale)
    for row, (text, size_, ink) in enumerate(((title, _TITLE, _INK), (note, _TEXT, _FAINT))):
        face = font(size_ * scale)
        fitting = shortened(text, face, size[0] - 2 * left)
        pen.text((left, (_MARGIN + (row + 0.5) * _ROW) * scale), fitting, fill=ink, font=face, anchor="lm")
    _write_legend(picture, legend, ((_MARGIN + SIDE + _MARGIN) * scale, top), scale)
    return picture


def picture_size(classes: Sequence[str], *, scale: int) -> tuple[int, int]:
    """Width and height of a picture, in pixels."""
    return (2 * _MARGIN + SIDE + legend_of(classes).width) * scale, (_HEAD + SIDE + _MARGIN) * scale


def fitted(points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Points (n, 2) as pixels of the square, in the middle of it, x to the right and y down; both by one factor."""
    low, high = points.min(axis=0).astype(np.float64), points.max(axis=0).astype(np.float64)
    span = float((high - low).max())
    factor = (SIDE - 2 * PADDING) / span if span > 0 else 0.0
    placed: NDArray[np.float64] = SIDE / 2 + (points - (low + high) / 2) * factor * np.array([1.0, -1.0])
    return placed


def point_radius(count: int) -> float:
    """In pixels, of one of so many."""
    return float(min(_LARGEST_RADIUS, max(_RADIUS, _RADIUS * (_CROWD / count) ** 0.25)))


def _draw_points(
    places: NDArray[np.float64], labels: NDArray[np.integer[Any]], colours: NDArray[np.uint8], scale: int
) -> Image.Image:
    k, radius = scale * _FINER, point_radius(len(places))
    square, height = Image.new("RGB", (SIDE * scale, SIDE * scale)), SIDE * k // _BANDS
    for number in range(_BANDS):
        band = Image.new("RGB", (SIDE * k, height), "white")
        pen, top = ImageDraw.Draw(band), number * height
        for (x, y), label in zip((places * k).tolist(), labels.tolist(), strict=True):
            for r, fill in ((radius + RIM, (255, 255, 255)), (radius, tuple(colours[label].tolist()))):
                # Whole pixels of the whole picture, so that no point has a seam where two parts meet.
                left, above, right, below = (int(edge) for edge in (x - r * k, y - r * k, x + r * k, y + r * k))
                pen.ellipse([left, above - top, right, below - top], fill=fill)
        square.paste(band.reduce(_FINER), (0, top // _FINER))
    return square


def legend_of(classes: Sequence[str]) -> Legend:
    """The legend beside a square."""
    most, colours = SIDE // _ROW, class_colours(len(classes))
    shown = classes if len(classes) <= most else classes[: most - 1]
    names = [shortened(name, font(_TEXT), _LONGEST_NAME) for name in shown]
    rows: list[tuple[str, str | None]] = [(name, hexadecimal(colours[row])) for row, name in enumerate(names)]
    if len(classes) > len(shown):
        rows.append((f"and {len(classes) - len(shown)} more", None))
    return Legend(rows, 3 * _DOT + _MARGIN + ceil(max(font(_TEXT).getlength(name) for name, _ in rows)))


def _write_legend(picture: Image.Image, legend: Legend, corner: tuple[int, int], scale: int) -> None:
    left, top = corner
    pen, face, k = ImageDraw.Draw(picture), font(_TEXT * scale), _FINER * scale
    for row, (name, colour) in enumerate(legend.rows):
        y = top + (row + 0.5) * _ROW * scale
        if colour is not None:
            dot = Image.new("RGB", (2 * _DOT * k, 2 * _DOT * k), "white")
            ImageDraw.Draw(dot).ellipse([0, 0, 2 * _DOT * k - 1, 2 * _DOT * k - 1], fill=colour)
            picture.paste(dot.reduce(_FINER), (left, round(y) - _DOT * scale))
        indent = 3 * _DOT * scale if colour is not None else 0
        pen.text((left + indent, y), name, fill=_INK, font=face, anchor="lm")
