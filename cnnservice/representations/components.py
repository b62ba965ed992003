"""Principal components."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def principal_components(
    representation: NDArray[np.floating[Any]], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Scores (n, count) of n points (n, d), and the share of the variance that each component has, (count,).

    Shares are None where all points are one. Components beyond those that there are have scores of 0. The sign of each
    is such that the score furthest from 0 is positive. The smaller of the covariance (d, d) and the Gram matrix (n, n)
    is decomposed, so that wide layers cost as little as there are points.
    """
    n, d = representation.shape
    # Of huge values the squares would be infinite.
    largest = float(np.abs(representation).max(initial=0.0)) or 1.0
    centred = representation / largest
    centred -= centred.mean(axis=0, dtype=np.float64)
    smaller = centred.T @ centred if d < n else centred @ centred.T
    values, vectors = np.linalg.eigh(smaller.astype(np.float64))
    total = float(np.trace(smaller, dtype=np.float64))
    found = min(count, len(values))
    values, vectors = np.maximum(values[::-1][:found], 0.0), vectors[:, ::-1][:, :found]
    scores = np.zeros((n, count))
    # What is but rounding is not the variance of points that are one.
    if not total > n * d * np.finfo(representation.dtype).eps ** 2:
        return scores, None
    scores[:, :found] = centred @ vectors if d < n else vectors * np.sqrt(values)
    furthest = np.abs(scores).argmax(axis=0)
    scores *= np.where(scores[furthest, np.arange(count)] < 0, -1.0, 1.0) * largest
    shares = np.zeros(count)
    shares[:found] = values / total
    return scores, shares
