"""Numbers of any range brought to 0..1, and from there to the 256 levels of a colormap."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Normalize = Literal["each", "layer", "symmetric"]


def normalize(slices: NDArray[Any], how: Normalize) -> NDArray[np.float32]:
    """Slices (..., H, W) in 0..1, same shape, float32.

    each: every slice by its own range; layer: one range for all; both give 0 where the range is a single value,
    as matplotlib's Normalize does. symmetric: one range for all with zero at 0.5, which is what zeros alone give.
    NaN and infinities do not count for the range and become 0.
    """
    finite = np.isfinite(slices)
    # float64, because the difference of two float32 may be too large for a float32.
    values = np.where(finite, slices, 0.0).astype(np.float64, copy=False)
    if how == "symmetric":
        high = np.abs(values).max(keepdims=True)
        low = -high
    else:
        axes = (-2, -1) if how == "each" else None
        low = values.min(axis=axes, keepdims=True, initial=np.inf, where=finite)
        high = values.max(axis=axes, keepdims=True, initial=-np.inf, where=finite)
    unit = np.full(values.shape, 0.5 if how == "symmetric" else 0.0)
    np.divide(values - low, high - low, out=unit, where=high > low)
    unit[~finite] = 0.0
    return unit.astype(np.float32)


def shade(slices: NDArray[Any], how: Normalize, *, colour: bool) -> NDArray[np.uint8]:
    """Levels 0..255 of slices (..., H, W), or in colour of (..., H, W, 3), whose three channels have one range."""
    flat = slices.reshape(*slices.shape[:-2], -1) if colour else slices
    return levels(normalize(flat, how)).reshape(slices.shape)


def levels(values: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """The level 0..255 of each value in 0..1: min(int(256 * value), 255), as matplotlib's colormaps index."""
    level: NDArray[np.uint8] = np.minimum(values * 256, 255).astype(np.uint8)
    return level
