"""How alike two attribution maps are. Source: arXiv 1810.03292, section 4."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr
from skimage.feature import hog
from skimage.metrics import structural_similarity

Map = NDArray[np.float32]

MEASURES = ("rank", "rank_absolute", "ssim", "hog")
# Of a map's shorter side: windows of SSIM, and cells of gradients' histograms, where the paper has 224 pixels a side.
_SSIM_WINDOW = 5
_HOG_CELLS = 4


def similarities(before: Sequence[Map], after: Sequence[Map]) -> dict[str, float]:
    """The mean over pairs of maps (H, W) of each of MEASURES, all 1 for maps that are the same.

    rank and rank_absolute are Spearman's rank correlation of the values and of their distances from 0; ssim is the
    structural similarity of the distances from 0, scaled to 0..1; hog the correlation of their histograms of oriented
    gradients. A map that is the same everywhere has neither ranks nor gradients: it is like none but such a one.
    """
    pairs = [_measure(one, other) for one, other in zip(before, after, strict=True)]
    return {name: float(np.mean([pair[name] for pair in pairs])) for name in MEASURES}


def _measure(one: Map, other: Map) -> dict[str, float]:
    flat = [float(np.ptp(plane)) == 0.0 for plane in (one, other)]
    if any(flat):
        return dict.fromkeys(MEASURES, float(all(flat)))
    strength_one, strength_other = _unit(one), _unit(other)
    window = min(_SSIM_WINDOW, *one.shape)
    return {
        "rank": _rank(one, other),
        "rank_absolute": _rank(strength_one, strength_other),
        "ssim": float(
            structural_similarity(strength_one, strength_other, data_range=1.0, win_size=window - 1 + window % 2)
        ),
        "hog": _correlation(_gradients(strength_one), _gradients(strength_other)),
    }


def _unit(plane: Map) -> NDArray[np.float64]:
    distance = np.abs(plane.astype(np.float64))
    unit: NDArray[np.float64] = distance / distance.max()
    return unit


def _rank(one: NDArray[Any], other: NDArray[Any]) -> float:
    # Of values that differ in their sign alone, distances may all be the same.
    return float(np.nan_to_num(spearmanr(one, other, axis=None).statistic))


def _gradients(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    side = max(2, min(plane.shape) // _HOG_CELLS)
    histogram: NDArray[np.float64] = hog(plane, pixels_per_cell=(side, side), cells_per_block=(1, 1))
    return histogram


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float(np.array_equal(one, other))
    return float(np.corrcoef(one, other)[0, 1])
