"""Where the parts of a plot lie, whatever draws them: curves by epoch, bars by channel, a histogram by epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Position = Callable[[float], float]

COLOURS = ("#1f77b4", "#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666")
# A half, so that a line one pixel wide covers a row of pixels and not half of two.
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP, _MARGIN_BOTTOM = 38.5, 20.5, 40.5, 49.5
_LABEL, _CHARACTER = 16.0, 7.0
_STEPS_ACROSS, _STEPS_UP = 8, 5
# A number takes so many pixels of the x axis.
_TICK_ROOM = 48.0
_STROKE, _WIDEST_BAR, _NARROWEST_BAR, _BAR = 2.0, 24.0, 0.5, 0.75
_DARKEST = 70
# Ranges narrower than this are rounding, not a difference to be drawn.
_NARROWEST, _NEXT_TO_NOTHING = 1e-9, 1e-300


@dataclass(frozen=True)
class Curve:
    """Values by epoch, or by channel. None and what is not a number are gaps.

    Drawn as a line, or as bars that grow from base. A colour is #rrggbb; without one it comes from the curve's place
    in its panel. A curve without a name is not in the legend.
    """

    name: str
    epochs: Sequence[int]
    values: Sequence[float | None]
    dashed: bool = False
    colour: str | None = None
    kind: Literal["line", "bars"] = "line"
    base: float = 0.0


@dataclass(frozen=True)
class Heat:
    """How dense values are: shares (epochs, bins) in 0..1, the darker the more; bins from edges[i] to edges[i + 1].

    Epochs are those from first_epoch on, one after the other.
    """

    first_epoch: int
    edges: NDArray[np.floating[Any]]
    shares: NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its curves, and what lies behind them."""

    title: str
    y_label: str
    curves: Sequence[Curve]
    x_label: str = "epoch"
    heat: Heat | None = None


@dataclass(frozen=True)
class Key:
    """A line of the legend below all panels."""

    name: str
    colour: str
    dashed: bool = False


@dataclass(frozen=True)
class Line:
    """A curve in pixels: its unbroken pieces, each at least one point; of bars, two points each."""

    name: str
    colour: str
    dashed: bool
    pieces: Sequence[Sequence[tuple[float, float]]]
    width: float = _STROKE


@dataclass(frozen=True)
class Shade:
    """A heat in pixels: greys (rows, columns) uint8, the first row on top, to be stretched over the box."""

    left: float
    top: float
    right: float
    bottom: float
    greys: NDArray[np.uint8]


@dataclass(frozen=True)
class Axes:
    """A panel in pixels. Ticks are pairs of position and text; nothing says why there are no lines, or is empty."""

    panel: Panel
    label_x: float
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line]
    shade: Shade | None = None
    nothing: str = ""


def place(panels: Sequence[Panel], width: int, height: int, cols: int) -> list[Axes]:
    """The panels in rows of cols, each row height pixels high, in a picture so wide."""
    each = width / cols
    return [
        _place(panel, col * each, row * height, each, height)
        for panel, (row, col) in ((panel, divmod(number, cols)) for number, panel in enumerate(panels))
    ]


def nice_ticks(low: float, high: float, *, steps: int, whole: bool = False) -> list[float]:
    """Round numbers, 1, 2 or 5 times a power of ten apart, from at or below low to at or above high.

    low..high takes at most so many steps. Of a range of no width the middle is kept, with room on both sides.
    """
    span, size = high - low, max(abs(low), abs(high))
    if span <= max(_NARROWEST * size, _NEXT_TO_NOTHING):
        span = 1.0 if whole or size <= _NEXT_TO_NOTHING else size
        low, high = low - span / 2, high + span / 2
    raw = span / steps
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    if whole:
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _place(panel: Panel, x: float, y: float, width: float, height: int) -> Axes:
    top, bottom, right = y + _MARGIN_TOP, y + height - _MARGIN_BOTTOM, x + width - _MARGIN_RIGHT
    epochs = [epoch for curve in panel.curves for epoch in curve.epochs]
    values = [value for curve in panel.curves for piece in _pieces(curve) for _, value in piece]
    if not values:
        nothing = "no finite values" if epochs else "no epochs yet"
        return Axes(panel, x + _LABEL, x + _MARGIN_LEFT, right, top, bottom, [], [], [], nothing=nothing)
    bars = [curve for curve in panel.curves if curve.kind == "bars"]
    values += [curve.base for curve in bars]
    values += [] if panel.heat is None else panel.heat.edges[[0, -1]].tolist()
    y_values = nice_ticks(min(values), max(values), steps=_STEPS_UP)
    y_texts = _texts(y_values)
    left = x + _MARGIN_LEFT + _CHARACTER * max(map(len, y_texts))
    low, high = y_values[0], y_values[-1]
    first, last = min(epochs), max(epochs)
    # A bar and a column of a histogram are about their number, a point of a curve is at it.
    room = 0.5 if bars or panel.heat is not None else 0.0 if first < last else 1.0
    low_epoch, high_epoch = first - room, last + room

    def across(epoch: float) -> float:
        return left + (epoch - low_epoch) / (high_epoch - low_epoch) * (right - left)

    def up(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - top)

    steps = max(1, min(_STEPS_ACROSS, int((right - left) / _TICK_ROOM)))
    x_values = [tick for tick in nice_ticks(first, last, steps=steps, whole=True) if first <= tick <= last]
    spacing = (right - left) / (high_epoch - low_epoch)
    return Axes(
        panel,
        x + _LABEL,
        left,
        right,
        top,
        bottom,
        [(across(tick), f"{tick:.0f}") for tick in x_values],
        [(up(tick), text) for tick, text in zip(y_values, y_texts, strict=True)],
        [_line(curve, number, across, up, spacing) for number, curve in enumerate(panel.curves)],
        _shade(panel.heat, across, up),
    )


def _line(curve: Curve, number: int, across: Position, up: Position, spacing: float) -> Line:
    colour = curve.colour or COLOURS[number % len(COLOURS)]
    points = [[(across(epoch), up(value)) for epoch, value in piece] for piece in _pieces(curve)]
    if curve.kind == "line":
        return Line(curve.name, colour, curve.dashed, points)
    bars = [[(x, up(curve.base)), (x, y)] for piece in points for x, y in piece]
    return Line(curve.name, colour, curve.dashed, bars, min(_WIDEST_BAR, max(_NARROWEST_BAR, _BAR * spacing)))


def _shade(heat: Heat | None, across: Position, up: Position) -> Shade | None:
    if heat is None:
        return None
    densest = max(heat.shares.max(), _NEXT_TO_NOTHING)
    # By the square root, so that a bin that holds nearly all does not hide the others.
    greys = 255 - np.rint(np.sqrt(heat.shares / densest) * (255 - _DARKEST)).astype(np.uint8).T[::-1]
    left, right = heat.first_epoch - 0.5, heat.first_epoch + len(heat.shares) - 0.5
    return Shade(across(left), up(float(heat.edges[-1])), across(right), up(float(heat.edges[0])), greys)


def _texts(ticks: Sequence[float]) -> list[str]:
    """Ticks with the digits that tell them apart, and with an exponent where that would be long."""
    step = math.floor(math.log10(ticks[1] - ticks[0]) + 1e-9)
    largest = math.floor(math.log10(max(abs(ticks[0]), abs(ticks[-1]))) + 1e-9)
    if largest > 5 or step < -5:
        return [f"{tick:.{largest - step}e}" for tick in ticks]
    return [f"{tick:.{max(0, -step)}f}" for tick in ticks]


def _pieces(curve: Curve) -> list[list[tuple[int, float]]]:
    pieces: list[list[tuple[int, float]]] = [[]]
    for epoch, value in zip(curve.epochs, curve.values, strict=True):
        if value is None or not math.isfinite(value):
            pieces.append([])
        else:
            pieces[-1].append((epoch, value))
    return [piece for piece in pieces if piece]
