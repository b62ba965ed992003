"""Where the parts of a plot of curves by epoch lie, whatever draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = ("#1f77b4", "#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666")
# A half, so that a line one pixel wide covers a row of pixels and not half of two.
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP, _MARGIN_BOTTOM = 38.5, 20.5, 40.5, 49.5
_LABEL, _CHARACTER = 16.0, 7.0
_STEPS_ACROSS, _STEPS_UP = 8, 5
# Ranges narrower than this are rounding, not a difference to be drawn.
_NARROWEST, _NEXT_TO_NOTHING = 1e-9, 1e-300


@dataclass(frozen=True)
class Curve:
    """Values by epoch. None and what is not a number are gaps."""

    name: str
    epochs: Sequence[int]
    values: Sequence[float | None]
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """One pair of axes with its curves."""

    title: str
    y_label: str
    curves: Sequence[Curve]


@dataclass(frozen=True)
class Line:
    """A curve in pixels: its unbroken pieces, each at least one point."""

    name: str
    colour: str
    dashed: bool
    pieces: Sequence[Sequence[tuple[float, float]]]


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
    nothing: str = ""


def place(panels: Sequence[Panel], width: int, height: int) -> list[Axes]:
    """The panels side by side in a picture of width x height."""
    each = width / len(panels)
    return [_place(panel, number * each, each, height) for number, panel in enumerate(panels)]


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


def _place(panel: Panel, x: float, width: float, height: int) -> Axes:
    top, bottom, right = _MARGIN_TOP, height - _MARGIN_BOTTOM, x + width - _MARGIN_RIGHT
    epochs = [epoch for curve in panel.curves for epoch in curve.epochs]
    values = [value for curve in panel.curves for piece in _pieces(curve) for _, value in piece]
    if not values:
        nothing = "no finite values" if epochs else "no epochs yet"
        return Axes(panel, x + _LABEL, x + _MARGIN_LEFT, right, top, bottom, [], [], [], nothing)
    y_values = nice_ticks(min(values), max(values), steps=_STEPS_UP)
    y_texts = _texts(y_values)
    left = x + _MARGIN_LEFT + _CHARACTER * max(map(len, y_texts))
    low, high = y_values[0], y_values[-1]
    first, last = min(epochs), max(epochs)
    low_epoch, high_epoch = (first, last) if first < last else (first - 1, last + 1)

    def across(epoch: float) -> float:
        return left + (epoch - low_epoch) / (high_epoch - low_epoch) * (right - left)

    def up(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - top)

    x_values = [tick for tick in nice_ticks(first, last, steps=_STEPS_ACROSS, whole=True) if first <= tick <= last]
    lines = [
        Line(
            curve.name,
            COLOURS[number % len(COLOURS)],
            curve.dashed,
            [[(across(epoch), up(value)) for epoch, value in piece] for piece in _pieces(curve)],
        )
        for number, curve in enumerate(panel.curves)
    ]
    return Axes(
        panel,
        x + _LABEL,
        left,
        right,
        top,
        bottom,
        [(across(tick), f"{tick:.0f}") for tick in x_values],
        [(up(tick), text) for tick, text in zip(y_values, y_texts, strict=True)],
        lines,
    )


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
