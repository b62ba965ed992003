import numpy as np
import pytest
from sklearn.decomposition import PCA

from cnnservice.representations.components import principal_components


@pytest.mark.parametrize(("n", "d"), [(40, 7), (7, 40), (20, 20)])
def test_scores_and_shares_are_those_of_scikit_learn_up_to_signs(n: int, d: int) -> None:
    points = np.random.default_rng(n).normal(3, np.arange(1, d + 1), (n, d)).astype(np.float32)
    scores, shares = principal_components(points, 4)
    peer = PCA(4, svd_solver="full")
    expected = peer.fit_transform(points.astype(np.float64))
    signs = np.sign((scores * expected).sum(axis=0))
    np.testing.assert_allclose(scores, signs * expected, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_allclose(shares, peer.explained_variance_ratio_, rtol=1e-4)


@pytest.mark.parametrize("shape", [(30, 6), (6, 30)])
def test_the_furthest_score_of_each_component_is_positive(shape: tuple[int, int]) -> None:
    scores, _ = principal_components(np.random.default_rng(0).normal(size=shape), 3)
    assert (scores[np.abs(scores).argmax(axis=0), [0, 1, 2]] > 0).all()


def test_components_that_there_are_not_are_zero() -> None:
    points = np.random.default_rng(0).normal(size=(10, 1))
    scores, shares = principal_components(points, 3)
    assert not scores[:, 1:].any()
    np.testing.assert_allclose(shares, [1, 0, 0])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e30])
@pytest.mark.parametrize("shape", [(30, 6), (6, 30)])
def test_points_that_are_all_one_have_no_components(value: float, shape: tuple[int, int]) -> None:
    scores, shares = principal_components(np.full(shape, value, np.float32), 2)
    assert not scores.any()
    assert shares is None


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_values_may_be_tiny_and_huge(factor: float) -> None:
    points = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
    scores, shares = principal_components(points, 2)
    scaled, same = principal_components(points * np.float32(factor), 2)
    np.testing.assert_allclose(scaled / factor, scores, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(same, shares, rtol=1e-4)
