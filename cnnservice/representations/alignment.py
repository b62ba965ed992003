"""Embeddings turned so that they can be compared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def aligned(points: NDArray[np.floating[Any]], to: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Points (n, 2), turned and mirrored about their mean, which becomes that of others, to lie nearest to them.

    Distances stay as they are. The orthogonal Procrustes problem; source: doi:10.1007/BF02289451.
    """
    middle, target = points.mean(axis=0, dtype=np.float64), to.mean(axis=0, dtype=np.float64)
    left, _, right = np.linalg.svd((points - middle).T @ (to - target))
    turned: NDArray[np.float32] = ((points - middle) @ (left @ right) + target).astype(np.float32)
    return turned
