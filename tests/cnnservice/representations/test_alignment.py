import numpy as np
import pytest
from scipy.linalg import orthogonal_procrustes

from cnnservice.representations.alignment import aligned


@pytest.mark.parametrize("mirrored", [False, True])
def test_what_was_turned_mirrored_and_moved_comes_back(mirrored: bool) -> None:
    points = np.random.default_rng(0).normal(2, 3, (50, 2))
    turn = np.array([[np.cos(2), np.sin(2)], [-np.sin(2), np.cos(2)]]) @ np.diag([1, -1 if mirrored else 1])
    np.testing.assert_allclose(aligned(points @ turn + 7, points), points, atol=1e-5)


def test_it_is_scipys_procrustes_and_keeps_distances() -> None:
    points, to = np.random.default_rng(1).normal(size=(2, 50, 2))
    rotation, _ = orthogonal_procrustes(points - points.mean(axis=0), to - to.mean(axis=0))
    expected = (points - points.mean(axis=0)) @ rotation + to.mean(axis=0)
    np.testing.assert_allclose(aligned(points, to), expected, atol=1e-5)


def test_one_point_stays_one() -> None:
    assert not aligned(np.zeros((5, 2)), np.zeros((5, 2))).any()
