"""Counts and rankings against a loop over every image."""

from __future__ import annotations

import numpy as np
import pytest

from cnnservice.analysis.confusion import class_scores, confusion_matrix
from cnnservice.analysis.mistakes import worst_mistakes


def test_a_confusion_matrix_counts_pairs() -> None:
    random = np.random.default_rng(0)
    labels, predicted = random.integers(0, 4, 200), random.integers(0, 5, 200)
    by_hand = np.zeros((5, 5), int)
    for label, taken_for in zip(labels, predicted, strict=True):
        by_hand[label, taken_for] += 1
    np.testing.assert_array_equal(confusion_matrix(labels, predicted, 5), by_hand)


def test_scores_are_those_of_the_textbook() -> None:
    # Of class 0: 6 right, 2 others called so, 4 missed. Class 2 is never called, class 3 never there.
    confusion = np.array([[6, 3, 0, 1], [1, 8, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    first, second, third, fourth = class_scores(confusion)
    assert (first.precision, first.recall, first.support) == (6 / 8, 6 / 10, 10)
    assert first.f1 == pytest.approx(2 * (6 / 8) * (6 / 10) / (6 / 8 + 6 / 10))
    assert (second.precision, second.recall) == (8 / 11, 8 / 9)
    assert (third.precision, third.recall, third.f1, third.support) == (None, 0.0, 0.0, 1)
    assert (fourth.precision, fourth.recall, fourth.support) == (0.0, None, 0)


def test_the_surest_errors_come_first_then_by_index() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]])
    labels = np.array([0, 0, 0, 0, 1])
    assert worst_mistakes(probabilities, labels, 10).tolist() == [1, 3, 2, 4]
    assert worst_mistakes(probabilities, labels, 2).tolist() == [1, 3]
    assert worst_mistakes(probabilities, np.array([0, 1, 1, 1, 0]), 5).tolist() == []
