"""How well classes lie apart in a representation, in numbers that no projection has touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

NEIGHBORS = 10


@dataclass(frozen=True)
class Separability:
    """None where there is none: of points that are all one, of a single class, or of a class for each point.

    silhouette (-1..1) is the mean over points of (b - a) / max(a, b), a the mean distance to the others of its class,
    b that to the nearest other class; source: doi:10.1016/0377-0427(87)90125-7. neighbor_accuracy (0..1) is the share
    of points whose class is that of most of their NEIGHBORS nearest others, of equally many the first class.
    """

    silhouette: float | None
    neighbor_accuracy: float | None


def separability(representation: NDArray[np.floating[Any]], labels: NDArray[np.integer[Any]]) -> Separability:
    """Of n points (n, d), finite, of classes labels (n,), by Euclidean distance between all of them."""
    distances = _distances(representation)
    classes, numbers = np.unique(labels, return_inverse=True)
    if not distances.any() or not 1 < len(classes) < len(labels):
        return Separability(None, None)
    member = np.eye(len(classes))[numbers]
    return Separability(_silhouette(distances, numbers, member), _neighbor_accuracy(distances, numbers, member))


def _distances(representation: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """(n, n), up to a factor."""
    scaled = representation / (float(np.abs(representation).max(initial=0.0)) or 1.0)
    scaled -= scaled.mean(axis=0, dtype=np.float64)
    # A wide layer's outputs as float64 would take twice the room of all else; products are summed in float32.
    gram = (scaled @ scaled.T).astype(np.float64)
    squares = np.diag(gram)
    distances: NDArray[np.float64] = np.sqrt(np.maximum(squares[:, None] + squares - 2 * gram, 0.0))
    np.fill_diagonal(distances, 0.0)
    return distances


def _silhouette(
    distances: NDArray[np.float64], numbers: NDArray[np.integer[Any]], member: NDArray[np.float64]
) -> float:
    sums, sizes = distances @ member, member.sum(axis=0)
    points = np.arange(len(numbers))
    own = sums[points, numbers] / np.maximum(sizes[numbers] - 1, 1)
    means = sums / sizes
    means[points, numbers] = np.inf
    other = means.min(axis=1)
    larger = np.maximum(own, other)
    # A point alone in its class counts 0.
    widths = np.divide(other - own, larger, out=np.zeros(len(points)), where=(larger > 0) & (sizes[numbers] > 1))
    return float(widths.mean())


def _neighbor_accuracy(
    distances: NDArray[np.float64], numbers: NDArray[np.integer[Any]], member: NDArray[np.float64]
) -> float:
    others = distances.copy()
    np.fill_diagonal(others, np.inf)
    count = min(NEIGHBORS, len(numbers) - 1)
    nearest = np.argsort(others, axis=1, kind="stable")[:, :count]
    votes = member[nearest].sum(axis=1)
    return float((votes.argmax(axis=1) == numbers).mean())
