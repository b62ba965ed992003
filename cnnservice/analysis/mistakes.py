"""Where a network is wrong, the surest errors first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def worst_mistakes(probabilities: NDArray[np.floating[Any]], labels: NDArray[Any], limit: int) -> NDArray[np.int64]:
    """Indices of the images that are taken for another class, the most probable wrong answer first, then by index."""
    predicted = probabilities.argmax(axis=1)
    (wrong,) = np.nonzero(predicted != labels)
    order = np.argsort(-probabilities[wrong, predicted[wrong]], kind="stable")
    return wrong[order][:limit]
