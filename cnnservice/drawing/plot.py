"""Plots as SVG and as PNG, from the same axes."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape  # nosec B406

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from cnnservice.drawing.axes import Axes, Key, Panel, Shade, place
from cnnservice.drawing.captions import font
from cnnservice.drawing.png import encode_png

_INK, _FAINT, _GRID = "#222222", "#666666", "#e4e4e4"
_TITLE, _TEXT = 15, 12
_STROKE, _MARKER, _DASH, _PAUSE = 2.0, 3.0, 6.0, 4.0
_LEGEND_LINE, _LEGEND_ROW, _LEGEND_CHARACTER = 28.0, 18.0, 6.4
_KEYS_MARGIN, _KEYS_GAP = 24.0, 60.0
_FINER = 2
_ROWS = 128 * _FINER
_COUNTED_AS_ONE = 16

LegendRow = tuple[str, str, bool, float, float]


def draw_plot_svg(
    panels: Sequence[Panel], *, width: int = 960, height: int = 380, cols: int | None = None, keys: Sequence[Key] = ()
) -> str:
    """Panels in rows of cols, all in one when None, each row height high; below them keys, where there are any.

    What is not a number is a gap.
    """
    key_rows, below = _lay_keys(keys, width)
    columns, top = _grid(panels, height, cols)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top + below}" '
        f'viewBox="0 0 {width} {top + below}" '
        f'font-family="system-ui, sans-serif" font-size="{_TEXT}" fill="{_INK}">',
        f'<rect width="{width}" height="{top + below}" fill="white"/>',
    ]
    for axes in place(panels, width, height, columns):
        parts += _svg_axes(axes)
    parts += _svg_legend([(name, colour, dashed, x, y + top) for name, colour, dashed, x, y in key_rows])
    return "\n".join([*parts, "</svg>"])


def _grid(panels: Sequence[Panel], height: int, cols: int | None) -> tuple[int, int]:
    """Columns, and the height of all rows."""
    columns = cols or len(panels)
    return columns, math.ceil(len(panels) / columns) * height


def _svg_axes(axes: Axes) -> Iterator[str]:
    middle = (axes.left + axes.right) / 2
    for y, text in axes.y_ticks:
        yield f'<path d="M{axes.left:.2f} {_crisp(y)}H{axes.right:.2f}" stroke="{_GRID}"/>'
        yield f'<text x="{axes.left - 8:.2f}" y="{y:.2f}" text-anchor="end" dominant-baseline="central">{text}</text>'
    if axes.shade is not None:
        yield _svg_shade(axes.shade)
    for x, text in axes.x_ticks:
        yield f'<path d="M{_crisp(x)} {axes.bottom:.2f}v5" stroke="{_FAINT}"/>'
        yield f'<text x="{x:.2f}" y="{axes.bottom + 18:.2f}" text-anchor="middle">{text}</text>'
    yield (
        f'<path d="M{axes.left:.2f} {axes.top:.2f}V{axes.bottom:.2f}H{axes.right:.2f}" stroke="{_FAINT}" fill="none"/>'
    )
    title, label, across = (escape(text) for text in (axes.panel.title, axes.panel.y_label, axes.panel.x_label))
    yield f'<text x="{middle:.2f}" y="{axes.top - 16.5:.2f}" text-anchor="middle" font-size="{_TITLE}">{title}</text>'
    yield f'<text x="{middle:.2f}" y="{axes.bottom + 38:.2f}" text-anchor="middle">{across}</text>'
    x, y = axes.label_x + 4, (axes.top + axes.bottom) / 2
    yield f'<text transform="translate({x:.2f} {y:.2f}) rotate(-90)" text-anchor="middle">{label}</text>'
    if axes.nothing:
        yield f'<text x="{middle:.2f}" y="{y:.2f}" text-anchor="middle" fill="{_FAINT}">{axes.nothing}</text>'
    for line in axes.lines:
        dash = f' stroke-dasharray="{_DASH:g} {_PAUSE:g}"' if line.dashed else ""
        for piece in line.pieces:
            points = " ".join(f"{px:.2f},{py:.2f}" for px, py in piece)
            yield (
                f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="{line.width:g}"'
                f' stroke-linejoin="round"{dash}/>'
            )
            if len(piece) == 1:
                yield f'<circle cx="{piece[0][0]:.2f}" cy="{piece[0][1]:.2f}" r="{_MARKER:g}" fill="{line.colour}"/>'
    yield from _svg_legend(_legend(axes))


def _svg_shade(shade: Shade) -> str:
    source = base64.b64encode(encode_png(shade.greys)).decode()
    return (
        f'<image x="{shade.left:.2f}" y="{shade.top:.2f}" width="{shade.right - shade.left:.2f}" '
        f'height="{shade.bottom - shade.top:.2f}" preserveAspectRatio="none" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{source}"/>'
    )


def _svg_legend(rows: Iterable[LegendRow]) -> Iterator[str]:
    for name, colour, dashed, lx, ly in rows:
        dash = f' stroke-dasharray="{_DASH:g} {_PAUSE:g}"' if dashed else ""
        yield f'<path d="M{lx:.2f} {ly:.2f}h{_LEGEND_LINE:g}" stroke="{colour}" stroke-width="{_STROKE:g}"{dash}/>'
        yield f'<text x="{lx + _LEGEND_LINE + 8:.2f}" y="{ly:.2f}" dominant-baseline="central">{escape(name)}</text>'


def draw_plot_png(
    panels: Sequence[Panel],
    *,
    width: int = 960,
    height: int = 380,
    cols: int | None = None,
    keys: Sequence[Key] = (),
    scale: int = 2,
) -> bytes:
    """The same picture, scale times as large in pixels. Lines are drawn at twice that and reduced, to be smooth."""
    key_rows, below = _lay_keys(keys, width)
    columns, top = _grid(panels, height, cols)
    picture = Image.new("RGB", (width * scale, (top + below) * scale), "white")
    # A panel at a time, because what is yet to be reduced has four times its pixels.
    for number, panel in enumerate(panels):
        row, col = divmod(number, columns)
        left, right = (round(edge * width / columns) for edge in (col, col + 1))
        picture.paste(_draw_panel(panel, (right - left, height), scale), (left * scale, row * height * scale))
    if keys:
        picture.paste(_draw_keys(key_rows, (width, below), scale), (0, top * scale))
    # A palette has no room for so many greys.
    return encode_png(np.asarray(picture)) if any(panel.heat for panel in panels) else _encode(picture)


def _draw_panel(panel: Panel, size: tuple[int, int], scale: int) -> Image.Image:
    (axes,) = place([panel], *size, 1)
    lines = _fine_canvas(size, scale)
    _png_lines(lines, axes, scale * _FINER)
    picture = _reduced(lines)
    _png_text(picture, axes, scale)
    return picture


def _draw_keys(rows: Sequence[LegendRow], size: tuple[int, int], scale: int) -> Image.Image:
    lines = _fine_canvas(size, scale)
    _png_legend_lines(lines, rows, scale * _FINER)
    picture = _reduced(lines)
    _png_legend_text(picture, rows, scale)
    return picture


def _fine_canvas(size: tuple[int, int], scale: int) -> Image.Image:
    """Lines are of a few colours: by their numbers in a palette, a canvas takes a quarter of the memory."""
    return Image.new("P", (size[0] * scale * _FINER, size[1] * scale * _FINER), "white")


def _reduced(lines: Image.Image) -> Image.Image:
    """Every _FINER x _FINER pixels made their mean, in RGB; some rows at a time, because RGB takes much memory."""
    picture = Image.new("RGB", (lines.width // _FINER, lines.height // _FINER))
    for top in range(0, lines.height, _ROWS):
        rows = lines.crop((0, top, lines.width, min(top + _ROWS, lines.height)))
        picture.paste(rows.convert("RGB").reduce(_FINER), (0, top // _FINER))
    return picture


def _encode(picture: Image.Image) -> bytes:
    """A PNG with a palette: a third of the bytes of one without, and sooner written."""
    # The octree takes eight bytes a pixel beside the picture: it is shown the colours, each as often as it weighs.
    counted = picture.getcolors(picture.width * picture.height) or []
    shares = [count // _COUNTED_AS_ONE + 1 for count, _ in counted]
    colours = np.repeat(np.array([colour for _, colour in counted], np.uint8), shares, axis=0)
    chosen = Image.fromarray(colours[None]).quantize(128, method=Image.Quantize.FASTOCTREE)
    indexed = picture.quantize(palette=chosen, dither=Image.Dither.NONE)
    # The corner is background. The octree makes that the mean of what is nearly white.
    palette = np.array(indexed.getpalette(), np.uint8).reshape(-1, 3)
    palette[np.asarray(indexed)[0, 0]] = 255
    indexed.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    indexed.save(buffer, "PNG")
    return buffer.getvalue()


def _png_lines(picture: Image.Image, axes: Axes, k: int) -> None:
    pen = ImageDraw.Draw(picture)
    for y, _ in axes.y_ticks:
        _stroke(pen, [(axes.left, _crisp(y)), (axes.right, _crisp(y))], _GRID, 1, k)
    if (shade := axes.shade) is not None:
        left, top, right, bottom = (round(edge * k) for edge in (shade.left, shade.top, shade.right, shade.bottom))
        greys = Image.fromarray(_indices(picture, shade.greys))
        greys = greys.resize((right - left, bottom - top), Image.Resampling.NEAREST)
        picture.paste(Image.frombytes("P", greys.size, greys.tobytes()), (left, top))
    for x, _ in axes.x_ticks:
        _stroke(pen, [(_crisp(x), axes.bottom), (_crisp(x), axes.bottom + 5)], _FAINT, 1, k)
    _stroke(pen, [(axes.left, axes.top), (axes.left, axes.bottom), (axes.right, axes.bottom)], _FAINT, 1, k)
    for line in axes.lines:
        for piece in line.pieces:
            for part in _dashes(piece) if line.dashed else [piece]:
                _stroke(pen, part, line.colour, line.width, k)
            if len(piece) == 1:
                (x, y), r = piece[0], _MARKER
                pen.ellipse([(x - r) * k, (y - r) * k, (x + r) * k, (y + r) * k], fill=line.colour)
    _png_legend_lines(picture, _legend(axes), k)


def _indices(picture: Image.Image, greys: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The numbers that these levels have in the picture's palette, which takes in those it has not."""
    assert picture.palette is not None
    table = np.zeros(256, np.uint8)
    for level in np.unique(greys).tolist():
        table[level] = picture.palette.getcolor((level, level, level), picture)
    numbers: NDArray[np.uint8] = table[greys]
    return numbers


def _stroke(pen: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]], colour: str, width: float, k: int) -> None:
    pen.line([(x * k, y * k) for x, y in points], fill=colour, width=max(1, round(width * k)), joint="curve")


def _png_legend_lines(picture: Image.Image, rows: Iterable[LegendRow], k: int) -> None:
    pen = ImageDraw.Draw(picture)
    for _, colour, dashed, x, y in rows:
        whole = [(x, y), (x + _LEGEND_LINE, y)]
        for part in _dashes(whole) if dashed else [whole]:
            _stroke(pen, part, colour, _STROKE, k)


def _png_legend_text(picture: Image.Image, rows: Iterable[LegendRow], k: int) -> None:
    pen, face = ImageDraw.Draw(picture), font(_TEXT * k)
    for name, _, _, x, y in rows:
        pen.text(((x + _LEGEND_LINE + 8) * k, y * k), name, fill=_INK, font=face, anchor="lm")


def _png_text(picture: Image.Image, axes: Axes, k: int) -> None:
    pen = ImageDraw.Draw(picture)
    text, title = (font(size * k) for size in (_TEXT, _TITLE))
    middle, height = (axes.left + axes.right) / 2, (axes.top + axes.bottom) / 2

    for y, tick in axes.y_ticks:
        pen.text(((axes.left - 8) * k, y * k), tick, fill=_INK, font=text, anchor="rm")
    for x, tick in axes.x_ticks:
        pen.text((x * k, (axes.bottom + 14) * k), tick, fill=_INK, font=text, anchor="mm")
    pen.text((middle * k, (axes.top - 21.5) * k), axes.panel.title, fill=_INK, font=title, anchor="mm")
    pen.text((middle * k, (axes.bottom + 34) * k), axes.panel.x_label, fill=_INK, font=text, anchor="mm")
    if axes.nothing:
        pen.text((middle * k, height * k), axes.nothing, fill=_FAINT, font=text, anchor="mm")
    _png_legend_text(picture, _legend(axes), k)
    # Pillow draws no text upwards, so the label is drawn across and turned.
    left, top, right, bottom = (round(edge) for edge in text.getbbox(axes.panel.y_label))
    label = Image.new("L", (right - left, bottom - top), 0)
    ImageDraw.Draw(label).text((-left, -top), axes.panel.y_label, fill=255, font=text)
    label = label.rotate(90, expand=True)
    x, y = round(axes.label_x * k - label.width / 2), round(height * k - label.height / 2)
    picture.paste(_INK, (x, y), label)


def _legend(axes: Axes) -> Iterator[LegendRow]:
    """Name, colour, dashed and place of each row, in the corner that the curves leave most room."""
    named = [line for line in axes.lines if line.name]
    if not named:
        return
    rows, width = len(named), 60 + max(len(line.name) for line in named) * _LEGEND_CHARACTER
    left, right = axes.left + 14, axes.right - width
    upper, lower = axes.top + 12, axes.bottom - 12 - (rows - 1) * _LEGEND_ROW
    points = [point for line in axes.lines for piece in line.pieces for point in _along(piece)]

    def covered(corner: tuple[float, float]) -> int:
        x, y = corner
        return sum(x - 8 <= px <= x + width and y - _LEGEND_ROW <= py <= y + rows * _LEGEND_ROW for px, py in points)

    x, y = min([(right, upper), (right, lower), (left, upper), (left, lower)], key=covered)
    for row, line in enumerate(named):
        yield line.name, line.colour, line.dashed, x, y + row * _LEGEND_ROW


def _lay_keys(keys: Sequence[Key], width: int) -> tuple[list[LegendRow], int]:
    """The legend below the panels in as many even columns as fit, and its height; y counts from its top."""
    if not keys:
        return [], 0
    column = _KEYS_GAP + max(len(key.name) for key in keys) * _LEGEND_CHARACTER
    columns = min(len(keys), max(1, int((width - _KEYS_MARGIN) / column)))
    rows = [
        (
            key.name,
            key.colour,
            key.dashed,
            _KEYS_MARGIN + number % columns * column,
            (0.5 + number // columns) * _LEGEND_ROW,
        )
        for number, key in enumerate(keys)
    ]
    return rows, math.ceil(math.ceil(len(keys) / columns) * _LEGEND_ROW + _LEGEND_ROW / 2)


def _along(piece: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Its points, and points between them no more than about a legend's row apart."""
    for (x0, y0), (x1, y1) in pairwise(piece):
        parts = 1 + int(math.hypot(x1 - x0, y1 - y0) / _LEGEND_ROW)
        yield from ((x0 + (x1 - x0) * part / parts, y0 + (y1 - y0) * part / parts) for part in range(parts))
    yield piece[-1]


def _crisp(position: float) -> float:
    """The middle of its pixel, where a line one pixel wide is not blurred."""
    return math.floor(position) + 0.5


def _dashes(points: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """The pieces of a line that are drawn when it is dashed, as SVG's stroke-dasharray does it."""
    drawn, left = True, _DASH
    piece = [points[0]]
    for (x0, y0), (x1, y1) in pairwise(points):
        length, done = math.hypot(x1 - x0, y1 - y0), 0.0
        while length - done > left:
            done += left
            corner = (x0 + (x1 - x0) * done / length, y0 + (y1 - y0) * done / length)
            if drawn:
                yield [*piece, corner]
            drawn = not drawn
            left, piece = (_DASH if drawn else _PAUSE), [corner]
        left -= length - done
        piece.append((x1, y1))
    if drawn and len(piece) > 1:
        yield piece
