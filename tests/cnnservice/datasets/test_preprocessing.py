"""Pixels are normalised to the last bit as the notebook does it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.preprocessing import Normalizer, one_hot

PIXELS = np.arange(256, dtype=np.uint8).reshape(4, 8, 8, 1)


def test_it_is_the_formula_to_the_last_bit() -> None:
    expected = ((PIXELS / 255 - 0.5) * 2).astype(np.float32)
    np.testing.assert_array_equal(Normalizer("minus_one_one").apply(PIXELS), expected, strict=True)


def test_it_is_the_float32_nearest_to_the_true_value() -> None:
    true = [(Fraction(value, 255) - Fraction(1, 2)) * 2 for value in range(256)]
    numbers = Normalizer("minus_one_one").apply(PIXELS).ravel()
    for value, number in enumerate(numbers):
        error = abs(Fraction(float(number)) - true[value])
        for neighbour in (np.nextafter(number, np.float32(-2)), np.nextafter(number, np.float32(2))):
            assert error <= abs(Fraction(float(neighbour)) - true[value]), f"{value} -> {number}"


def test_black_is_minus_one_and_white_is_one() -> None:
    assert Normalizer("minus_one_one").apply(np.array([0, 255], np.uint8)).tolist() == [-1.0, 1.0]


@pytest.mark.parametrize("shape", [(28, 28, 1), (0, 28, 28, 1), (2, 3, 4, 3)])
def test_the_shape_stays_and_the_pixels_too(shape: tuple[int, ...]) -> None:
    images: NDArray[np.uint8] = np.full(shape, 7, np.uint8)
    numbers = Normalizer("minus_one_one").apply(images)
    assert numbers.shape == shape
    assert numbers.dtype == np.float32
    assert (images == 7).all()


def test_the_result_can_be_written_without_changing_the_next() -> None:
    Normalizer("minus_one_one").apply(PIXELS)[:] = 9
    assert Normalizer("minus_one_one").apply(PIXELS).max() == 1


def test_a_label_is_a_row_with_one_at_its_class() -> None:
    np.testing.assert_array_equal(
        one_hot(np.array([2, 0, 2]), 4),
        np.array([[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 1, 0]], np.float32),
        strict=True,
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_labels_of_any_integer_type(dtype: type[np.integer]) -> None:
    labels = np.arange(10).astype(dtype)
    np.testing.assert_array_equal(one_hot(labels, 10), np.eye(10, dtype=np.float32), strict=True)


def test_a_label_beyond_the_classes_is_not_taken_for_another() -> None:
    with pytest.raises(IndexError):
        one_hot(np.array([10]), 10)
