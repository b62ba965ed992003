"""Where a network is wrong, the surest errors first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def probabilities_of(outputs: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Outputs (n, classes) as probabilities: rows that do not sum to 1, as sigmoids' do not, are divided by their sum.

    Where an output is negative, as a linear layer's may be, the softmax is taken instead.
    """
    values = outputs.astype(np.float64)
    if (values < 0).any():
        values = np.exp(values - values.max(axis=1, keepdims=True))
    total = values.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = np.full_like(values, 1 / values.shape[1])
    np.divide(values, total, out=shares, where=total > 0)
    return shares


def worst_mistakes(probabilities: NDArray[np.float64], labels: NDArray[Any], limit: int) -> NDArray[np.int64]:
    """Indices of the images that are taken for another class, the most probable wrong answer first, then by index."""
    predicted = probabilities.argmax(axis=1)
    (wrong,) = np.nonzero(predicted != labels)
    order = np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")
    return wrong[order][:limit]
