from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from cnnservice.representations.projection import project
from cnnservice.representations.separability import separability
from cnnservice.specs.embedding import MOST_DIMENSIONS, Method, Projection, resolved

LABELS = np.repeat(np.arange(3), 20)
# What UMAP is made of is compiled first, which takes longer than all the rest; a worker's is seen at work elsewhere.
neighbours = pytest.mark.parametrize("method", ["tsne", pytest.param("umap", marks=pytest.mark.full)])


def heaps(d: int) -> NDArray[np.float32]:
    """Three heaps of 20 points (60, d), apart by several times their width."""
    random = np.random.default_rng(0)
    return (random.normal(0, 4, (3, d))[LABELS] + random.normal(0, 0.5, (60, d))).astype(np.float32)


def points_of(representation: NDArray[np.float32], method: Method, **changes: Any) -> NDArray[np.float32]:
    start = changes.pop("start", None)
    told = resolved(Projection(method=method, **changes), len(representation))
    return project(representation, told, start).points


def test_pca_is_the_plane_of_most_variance() -> None:
    embedding = project(heaps(8), resolved(Projection(), 60))
    expected = PCA(2, svd_solver="full").fit(heaps(8))
    spread = np.linalg.norm(expected.transform(heaps(8)), axis=1)
    np.testing.assert_allclose(np.linalg.norm(embedding.points, axis=1), spread, rtol=1e-4)
    np.testing.assert_allclose(embedding.explained, expected.explained_variance_ratio_, rtol=1e-4)
    assert embedding.points.dtype == np.float32


@neighbours
@pytest.mark.parametrize("d", [8, MOST_DIMENSIONS + 150])
def test_heaps_stay_apart_and_the_seed_decides(method: Method, d: int) -> None:
    points = points_of(heaps(d), method, seed=4)
    assert points.shape == (60, 2)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-4)
    assert separability(points, LABELS).neighbor_accuracy == 1.0
    np.testing.assert_array_equal(points, points_of(heaps(d), method, seed=4))


@pytest.mark.full
def test_umap_differs_by_its_seed_and_parameters() -> None:
    first = points_of(heaps(8), "umap")
    for changes in ({"seed": 1}, {"neighbors": 5}, {"min_dist": 0.5}):
        assert not np.allclose(first, points_of(heaps(8), "umap", **changes)), changes


def test_tsne_differs_by_its_perplexity() -> None:
    assert not np.allclose(points_of(heaps(8), "tsne"), points_of(heaps(8), "tsne", perplexity=5))


@neighbours
def test_it_goes_on_from_where_it_is_told_to_begin(method: Method) -> None:
    first = points_of(heaps(8), method)
    turned = (first @ np.array([[0.0, 1.0], [-1.0, 0.0]])).astype(np.float32)
    again = points_of(heaps(8), method, start=turned)
    middles, expected = ([points[label == LABELS].mean(axis=0) for label in range(3)] for points in (again, turned))
    for middle, near in zip(middles, expected, strict=True):
        cosine = middle @ near / np.linalg.norm(middle) / np.linalg.norm(near)
        assert cosine > 0.8, (middles, expected)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
def test_a_layer_that_says_the_same_of_all_images_is_one_point(method: Method) -> None:
    told = resolved(Projection(method=method), 60)
    for value in (0.0, 0.1):
        embedding = project(np.full((60, 8), value, np.float32), told)
        assert not embedding.points.any()
        assert embedding.explained is None


@neighbours
@pytest.mark.parametrize("d", [1, 2])
def test_a_layer_of_one_or_two_units_has_an_embedding(method: Method, d: int) -> None:
    assert np.isfinite(points_of(heaps(d), method)).all()


@neighbours
def test_few_images_have_an_embedding(method: Method) -> None:
    assert np.isfinite(points_of(heaps(8)[::12], method)).all()


@neighbours
def test_images_that_look_the_same_have_an_embedding(method: Method) -> None:
    assert np.isfinite(points_of(np.repeat(heaps(8)[::10], 10, axis=0), method)).all()


@neighbours
@pytest.mark.parametrize("factor", [1e-20, 1e20])
def test_values_may_be_tiny_and_huge(method: Method, factor: float) -> None:
    points = points_of(heaps(8) * np.float32(factor), method)
    assert separability(points, LABELS).neighbor_accuracy == 1.0
