"""How a layer's weights are distributed, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.drawing.axes import Curve, Heat, Key, Panel

PERCENTILES = (0, 5, 50, 95, 100)

_MEDIAN, _MOST, _EXTREMES = "#d95f02", "#1f77b4", "#7570b3"
# Of each percentile: its colour, and whether it is dashed.
_STYLES = ((_EXTREMES, True), (_MOST, False), (_MEDIAN, False), (_MOST, False), (_EXTREMES, True))
_KEYS = (
    Key("median", _MEDIAN),
    Key("5 and 95 % of the weights", _MOST),
    Key("smallest and largest", _EXTREMES, dashed=True),
)


def histogram_over_epochs(
    values_by_epoch: Sequence[NDArray[Any]], bins: int = 64
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Edges (bins + 1,) of equal bins from the smallest to the largest value of all epochs, and counts (epochs, bins).

    Arrays may be of any shape. NaN and infinities are not counted. Edges are numpy.histogram_bin_edges' of the range:
    where it is a single value they are half a unit to both sides, where there is none 0..1.
    """
    finite = [_finite(values) for values in values_by_epoch]
    held = [values for values in finite if values.size]
    ends = (min(values.min() for values in held), max(values.max() for values in held)) if held else (0.0, 1.0)
    low, high = (float(end) for end in ends)
    edges = np.histogram_bin_edges(np.empty(0), bins=bins, range=(low, high))
    counts = [np.histogram(values, bins=bins, range=(low, high))[0] for values in finite]
    return edges, np.array(counts, np.int64).reshape(len(finite), bins)


def percentiles_over_epochs(values_by_epoch: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """PERCENTILES of each epoch's finite values, (epochs, 5); NaN where there are none."""
    nothing = np.full(len(PERCENTILES), np.nan)
    finite = (_finite(values) for values in values_by_epoch)
    rows = [np.percentile(values, PERCENTILES) if values.size else nothing for values in finite]
    return np.array(rows, np.float64).reshape(-1, len(PERCENTILES))


def histogram_plot(
    title: str, epochs: Sequence[int], values_by_epoch: Sequence[NDArray[Any]], bins: int = 64
) -> tuple[list[Panel], Sequence[Key]]:
    """A panel and its legend: the darker, the more weights of that value at that epoch; lines are PERCENTILES.

    Epochs ascend; those left out between them are left white.
    """
    if not epochs:
        return [Panel(title, "weight", [])], ()
    edges, counts = histogram_over_epochs(values_by_epoch, bins)
    shares = np.zeros((epochs[-1] - epochs[0] + 1, bins))
    shares[np.array(epochs) - epochs[0]] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    curves = [
        Curve("", epochs, values.tolist(), dashed=dashed, colour=colour)
        for values, (colour, dashed) in zip(percentiles_over_epochs(values_by_epoch).T, _STYLES, strict=True)
    ]
    return [Panel(title, "weight", curves, heat=Heat(epochs[0], edges, shares))], _KEYS


def _finite(values: NDArray[Any]) -> NDArray[Any]:
    # float64, because the difference of two float32 may be too large for a float32.
    flat = np.ravel(values).astype(np.float64)
    return flat[np.isfinite(flat)]
