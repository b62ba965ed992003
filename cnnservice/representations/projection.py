"""A representation as points in the plane: PCA, t-SNE and UMAP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnservice.representations.components import principal_components
from cnnservice.specs.embedding import MOST_DIMENSIONS, Projection

# How far the points are from each other when t-SNE begins, doi:10.1038/s41467-019-13056-x.
_TSNE_SPREAD = 1e-4
_OFF = 1e-4
# When it begins from a neighbour's embedding, clusters need not find their places: without the exaggeration that is for
# that, points moved by a fifth to a half less from epoch to epoch, and t-SNE's own loss was lower at every epoch.
_EXAGGERATION, _EXAGGERATION_ON = 12.0, 1.0
# UMAP that begins from one: at its defaults, 500 rounds at rate 1, the points of a layer that hardly
# changed moved by 0.3 of their spread from one epoch to the next, and at these by 0.08, no worse in what is near what.
_ROUNDS_ON, _RATE_ON = 200, 0.1


@dataclass(frozen=True)
class Embedding:
    """Points (n, 2) float32. explained is what share of the variance each axis of a PCA has; None of other methods,
    and where all that is represented is one point.
    """

    points: NDArray[np.float32]
    explained: NDArray[np.float64] | None


def project(
    representation: NDArray[np.floating[Any]], projection: Projection, start: NDArray[np.floating[Any]] | None = None
) -> Embedding:
    """n points (n, d), finite, in the plane. Every parameter of the projection's method is said, see resolved.

    What is wider than MOST_DIMENSIONS is reduced to so many principal components first. t-SNE and UMAP begin from the
    plane of the PCA, or from start (n, 2), the embedding of something alike; the same seed gives the same points. Their
    mean is 0. Points that are all one stay one.
    """
    reduced = projection.method != "pca" and representation.shape[1] > MOST_DIMENSIONS
    scores, shares = principal_components(representation, MOST_DIMENSIONS if reduced else 2)
    if shares is None or projection.method == "pca":
        return Embedding(scores[:, :2].astype(np.float32), None if shares is None else shares[:2])
    vectors = scores if reduced else representation / np.abs(representation).max()
    lay = _tsne if projection.method == "tsne" else _umap
    begin = _spread_one(scores[:, :2] if start is None else start)
    # So that points may leave a line that all of them begin on.
    begin += np.random.default_rng(projection.seed).normal(0.0, _OFF, begin.shape)
    points = lay(vectors.astype(np.float32), projection, begin, start is not None)
    return Embedding(points - points.mean(axis=0), None)


def _spread_one(points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Centred, and the wider axis with a standard deviation of 1."""
    centred = points - points.mean(axis=0, dtype=np.float64)
    spread: NDArray[np.float64] = centred / (centred.std(axis=0).max() or 1.0)
    return spread


def _tsne(
    vectors: NDArray[np.float32],
    projection: Projection,
    begin: NDArray[np.float64],
    going_on: bool,
) -> NDArray[np.float32]:
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    fitting = TSNE(
        perplexity=projection.perplexity,
        early_exaggeration=_EXAGGERATION_ON if going_on else _EXAGGERATION,
        init=(begin * _TSNE_SPREAD).astype(np.float32),
        random_state=projection.seed,
    )
    # With as many threads as there are cores, on cores that others use too, it took 3 to 50 s, and with one 3 to 5.
    with threadpool_limits(1, user_api="openmp"):
        points: NDArray[np.float32] = fitting.fit_transform(vectors)
    return points


def _umap(
    vectors: NDArray[np.float32],
    projection: Projection,
    begin: NDArray[np.float64],
    going_on: bool,
) -> NDArray[np.float32]:
    # Its import takes seconds, and so does what it compiles when it is first used.
    from umap import UMAP

    less = {"n_epochs": _ROUNDS_ON, "learning_rate": _RATE_ON} if going_on else {}
    fitting = UMAP(
        n_neighbors=projection.neighbors,
        min_dist=projection.min_dist,
        init=begin.astype(np.float32),
        random_state=projection.seed,
        n_jobs=1,
        **less,
    )
    points: NDArray[np.float32] = fitting.fit_transform(vectors)
    return points
