"""Which classes are taken for which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ClassScore:
    """One class: of those called so how many are (precision), of those that are how many were called so (recall).

    None where nothing was called so, or none is. support counts those that are.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int


def confusion_matrix(labels: NDArray[Any], predicted: NDArray[Any], classes: int) -> NDArray[np.int64]:
    """Counts (classes, classes): rows are true, columns predicted."""
    flat = np.bincount(labels * classes + predicted, minlength=classes * classes)
    return flat.reshape(classes, classes).astype(np.int64)


def class_scores(confusion: NDArray[np.int64]) -> list[ClassScore]:
    """A score for each class of a confusion matrix."""
    right, called, are = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
    return [
        ClassScore(_share(r, c), _share(r, a), _share(2 * r, c + a), a)
        for r, c, a in zip(right.tolist(), called.tolist(), are.tolist(), strict=True)
    ]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
