"""How alike representations are: linear centred kernel alignment (CKA). Source: arXiv 1905.00414, section 3.

CKA(X, Y) = HSIC(X, Y) / sqrt(HSIC(X, X) HSIC(Y, Y)), with HSIC the inner product of the centred Gram matrices of
the same n images; its factor (n - 1)^-2 cancels. It is 1 for representations that differ by a rotation, a reflection
and one factor for all, and does not care how wide they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Centred:
    """A representation of n images ready to be compared, in at most n x n numbers.

    array is its centred features (n, d), or its centred Gram matrix (n, n) where to compare that costs less: of
    features it takes n d d products, of Gram matrices n n. Its scale is such that its HSIC with itself is 1. None where
    it says the same of all images, as a dead layer does, or has values that are no numbers: it is like nothing.
    """

    array: NDArray[np.float32] | None
    is_gram: bool = False


def centred(representation: NDArray[np.floating[Any]]) -> Centred:
    """Prepare a representation (n, d)."""
    n, d = representation.shape
    largest = float(np.abs(representation).max(initial=0.0))
    if not np.isfinite(largest) or largest == 0.0:
        return Centred(None)
    # Scaled, because of huge values the products would be infinite.
    features = (representation / largest).astype(np.float32)
    features -= features.mean(axis=0, dtype=np.float64)
    # Where all rows are one, rounding remains.
    if not np.linalg.norm(features) > np.sqrt(n * d) * np.finfo(np.float32).eps:
        return Centred(None)
    if d * d > n:
        gram = features @ features.T
        return Centred(gram / np.float32(np.linalg.norm(gram)), is_gram=True)
    return Centred(features / np.float32(np.sqrt(np.linalg.norm(features.T @ features))))


def linear_cka(x: Centred, y: Centred) -> float | None:
    """0..1 for two representations of the same images in the same order; None where either is like nothing.

    Of features (n, p) and (n, q) it is the squared Frobenius norm of their product (p, q), equation 4; else, of Gram
    matrices, their inner product, equation 3.
    """
    if x.array is None or y.array is None:
        return None
    if not x.is_gram and not y.is_gram:
        product = x.array.T @ y.array
        value = np.vdot(product, product)
    else:
        value = np.vdot(_gram(x.array, x.is_gram), _gram(y.array, y.is_gram))
    return min(max(float(value), 0.0), 1.0)


def similarity_matrix(rows: Sequence[Centred], columns: Sequence[Centred]) -> NDArray[np.float64]:
    """linear_cka of every row with every column, (rows, columns); NaN where there is none."""
    values = [[linear_cka(row, column) for column in columns] for row in rows]
    return np.array(values, np.float64).reshape(len(rows), len(columns))


def _gram(array: NDArray[np.float32], is_gram: bool) -> NDArray[np.float32]:
    return array if is_gram else array @ array.T
