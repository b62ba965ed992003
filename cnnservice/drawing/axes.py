"""Where the parts of a plot of curves by epoch lie, whatever draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

COLOURS = ("#1f77b4", "#d95f02", "#1b9e77", "#7570b3", "#e7298a", "#66a61e", "#a6761d", "#666666")
_MARGIN_LEFT, _MARGIN_RIGHT, _MARGIN_TOP, _MARGIN_BOTTOM = 64, 20, 40, 50
_TICKS = 6


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
    """A panel in pixels. Ticks are pairs of position and text."""

    panel: Panel
    left: float
    right: float
    top: float
    bottom: float
    x_ticks: Sequence[tuple[float, str]]
    y_ticks: Sequence[tuple[float, str]]
    lines: Sequence[Line]


def place(panels: Sequence[Panel], width: int, height: int) -> list[Axes]:
    """The panels side by side in a picture of width x height."""
    each = width / len(panels)
    return [_place(panel, number * each, each, height) for number, panel in enumerate(panels)]


def nice_ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Round numbers, 1, 2 or 5 times a power of ten apart, from at or below low to at or above high."""
    span = high - low
    if span <= 0:
        span = abs(low) if low and not whole else 1.0
        low, high = low - span / 2, high + span / 2
    raw = span / (_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))
    if whole:
        step = max(1.0, math.ceil(step))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def _place(panel: Panel, x: float, width: float, height: int) -> Axes:
    left, right = x + _MARGIN_LEFT, x + width - _MARGIN_RIGHT
    top, bottom = float(_MARGIN_TOP), float(height - _MARGIN_BOTTOM)
    points = [list(_finite(curve)) for curve in panel.curves]
    epochs = [epoch for curve in points for epoch, value in curve if value is not None]
    values = [value for curve in points for _, value in curve if value is not None]
    if not values:
        return Axes(panel, left, right, top, bottom, [], [], [])
    low_epoch, high_epoch = min(epochs), max(epochs)
    if low_epoch == high_epoch:
        low_epoch, high_epoch = low_epoch - 1, high_epoch + 1
    y_values = nice_ticks(min(values), max(values))
    low, high = y_values[0], y_values[-1]

    def across(epoch: float) -> float:
        return left + (epoch - low_epoch) / (high_epoch - low_epoch) * (right - left)

    def up(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - top)

    x_ticks = [t for t in nice_ticks(low_epoch, high_epoch, whole=True) if low_epoch <= t <= high_epoch]
    digits = max(0, -math.floor(math.log10(y_values[1] - y_values[0]) + 1e-9))
    lines = [
        Line(
            curve.name,
            COLOURS[number % len(COLOURS)],
            curve.dashed,
            [[(across(epoch), up(value)) for epoch, value in piece] for piece in _pieces(points[number])],
        )
        for number, curve in enumerate(panel.curves)
    ]
    return Axes(
        panel,
        left,
        right,
        top,
        bottom,
        [(across(tick), f"{tick:.0f}") for tick in x_ticks],
        [(up(tick), f"{tick:.{digits}f}") for tick in y_values],
        lines,
    )


def _finite(curve: Curve) -> list[tuple[int, float | None]]:
    return [
        (epoch, value if value is not None and math.isfinite(value) else None)
        for epoch, value in zip(curve.epochs, curve.values, strict=True)
    ]


def _pieces(points: Sequence[tuple[int, float | None]]) -> list[list[tuple[int, float]]]:
    pieces: list[list[tuple[int, float]]] = [[]]
    for epoch, value in points:
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append((epoch, value))
    return [piece for piece in pieces if piece]
