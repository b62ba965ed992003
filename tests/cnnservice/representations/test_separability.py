import numpy as np
import pytest
from sklearn.metrics import silhouette_score
from sklearn.neighbors import KNeighborsClassifier

from cnnservice.representations.separability import NEIGHBORS, Separability, separability


@pytest.mark.parametrize("d", [2, 30, 500])
def test_both_numbers_are_scikit_learns(d: int) -> None:
    random = np.random.default_rng(d)
    labels = random.integers(0, 5, 120)
    points = (random.normal(0, 1.5, (5, d))[labels] / np.sqrt(d) + random.normal(0, 1, (120, d)) / 5).astype(np.float32)
    told = separability(points, labels)
    assert told.silhouette == pytest.approx(silhouette_score(points.astype(np.float64), labels), abs=1e-5)
    others = [np.delete(np.arange(120), one) for one in range(120)]
    right = [
        KNeighborsClassifier(NEIGHBORS).fit(points[rest], labels[rest]).predict(points[[one]])[0] == labels[one]
        for one, rest in enumerate(others)
    ]
    assert told.neighbor_accuracy == pytest.approx(np.mean(right))


def test_classes_that_are_a_point_each_are_apart() -> None:
    points = np.repeat(np.eye(3), 20, axis=0)
    assert separability(points, np.repeat([4, 7, 9], 20)) == Separability(1.0, 1.0)


def test_a_point_alone_in_its_class_counts_as_scikit_learn_counts_it() -> None:
    points, labels = np.random.default_rng(0).normal(size=(30, 3)), np.array([0] * 15 + [1] * 14 + [2])
    assert separability(points, labels).silhouette == pytest.approx(silhouette_score(points, labels), abs=1e-6)


@pytest.mark.parametrize(
    ("points", "labels"),
    [
        (np.full((6, 3), 0.1, np.float32), [0, 0, 0, 1, 1, 1]),
        (np.eye(6), [2] * 6),
        (np.eye(6), range(6)),
    ],
)
def test_where_there_is_nothing_to_tell_apart_there_is_no_number(points: np.ndarray, labels: list[int]) -> None:
    assert separability(points, np.array(labels)) == Separability(None, None)


def test_huge_values_are_measured_too() -> None:
    points, labels = np.random.default_rng(0).normal(size=(30, 3)).astype(np.float32), np.repeat([0, 1, 2], 10)
    assert separability(points * np.float32(1e30), labels).silhouette == pytest.approx(
        separability(points, labels).silhouette, abs=1e-5
    )
