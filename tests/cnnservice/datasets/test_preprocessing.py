"""Pixels are normalised to the last bit as the notebook does it."""

from __future__ import annotations

import json
from fractions import Fraction

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.preprocessing import Normalization, Normalizer, fit_normalizer, one_hot

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


def test_zero_one_is_a_division_by_255() -> None:
    expected = (PIXELS / 255).astype(np.float32)
    np.testing.assert_array_equal(fit_normalizer("zero_one", PIXELS).apply(PIXELS), expected, strict=True)


@pytest.fixture(scope="module")
def photographs() -> NDArray[np.uint8]:
    """Images of three channels, each of another brightness and contrast."""
    rng = np.random.default_rng(4)
    spread = rng.normal([60, 128, 200], [10, 40, 5], (50, 8, 9, 3))
    return spread.clip(0, 255).astype(np.uint8)


def test_standard_has_mean_0_and_deviation_1_in_each_channel(photographs: NDArray[np.uint8]) -> None:
    normalizer = fit_normalizer("standard", photographs)
    numbers = normalizer.apply(photographs).astype(np.float64)
    np.testing.assert_allclose(numbers.mean(axis=(0, 1, 2)), 0, atol=1e-6)
    np.testing.assert_allclose(numbers.std(axis=(0, 1, 2)), 1, atol=1e-6)
    # Of other images the same pixel becomes the same number.
    np.testing.assert_array_equal(normalizer.apply(photographs[:1]), numbers[:1].astype(np.float32))


def test_standard_is_keras_normalization_layer(photographs: NDArray[np.uint8]) -> None:
    layer = keras.layers.Normalization(axis=-1)
    layer.adapt(photographs.astype(np.float32))
    theirs = keras.ops.convert_to_numpy(layer(photographs.astype(np.float32)))
    mine = fit_normalizer("standard", photographs).apply(photographs)
    np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_a_channel_that_never_changes_becomes_zero(photographs: NDArray[np.uint8]) -> None:
    flat = photographs.copy()
    flat[..., 1] = 77
    numbers = fit_normalizer("standard", flat).apply(flat)
    assert (numbers[..., 1] == 0).all()
    assert np.isfinite(numbers).all()


@pytest.mark.parametrize("name", ["minus_one_one", "zero_one", "standard"])
def test_a_normalizer_is_the_same_after_it_was_stored(name: Normalization, photographs: NDArray[np.uint8]) -> None:
    normalizer = fit_normalizer(name, photographs)
    again = Normalizer.from_record(json.loads(json.dumps(normalizer.record())))
    np.testing.assert_array_equal(again.apply(photographs), normalizer.apply(photographs))


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


@pytest.mark.parametrize(
    ("normalizer", "bounds"),
    [
        (Normalizer("minus_one_one"), [[-1], [1]]),
        (Normalizer("zero_one"), [[0], [1]]),
        (Normalizer("standard", (51.0, 100.0, 0.0), (51.0, 100.0, 1.0)), [[-1, -1, 0], [4, 1.55, 255]]),
    ],
)
def test_its_bounds_are_what_it_makes_of_black_and_of_white(normalizer: Normalizer, bounds: list[list[float]]) -> None:
    np.testing.assert_allclose(normalizer.bounds(), bounds, rtol=1e-6)
