"""From pixels and class indices to what a network is trained on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Normalization = Literal["minus_one_one"]


# What NumPy makes of uint8 pixels in the notebook's own expression, in float64, as Keras then reads it: float32.
_MINUS_ONE_ONE: NDArray[np.float32] = ((np.arange(256) / 255 - 0.5) * 2).astype(np.float32)


def minus_one_one(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(x / 255 - 0.5) * 2, rounded once to float32: from -1 (black) to 1 (white)."""
    return _MINUS_ONE_ONE[images]


NORMALIZATIONS: dict[Normalization, Callable[[NDArray[np.uint8]], NDArray[np.float32]]] = {
    "minus_one_one": minus_one_one
}


def normalize_images(images: NDArray[np.uint8], normalization: Normalization = "minus_one_one") -> NDArray[np.float32]:
    """Pixels as a network reads them. images: (..., H, W, C) uint8; returns the same shape, float32."""
    return NORMALIZATIONS[normalization](images)


def one_hot(labels: NDArray[np.integer[Any]], n_classes: int) -> NDArray[np.float32]:
    """A row for each label with 1 at its class. labels: (n,), 0 to n_classes - 1; returns (n, n_classes) float32."""
    rows: NDArray[np.float32] = np.eye(n_classes, dtype=np.float32)[labels]
    return rows
