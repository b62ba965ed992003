import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.colors import CenteredNorm
from matplotlib.colors import Normalize as MatplotlibNormalize
from numpy.typing import NDArray

from cnnservice.drawing.normalize import Normalize, levels, normalize, shade

SLICES = np.random.default_rng(0).normal(size=(6, 5, 4)).astype(np.float32)
WAYS: list[Normalize] = ["each", "layer", "symmetric"]
slices_of_any_kind = arrays(np.float32, st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 4)))


def test_each_is_what_matplotlib_makes_of_every_slice_alone() -> None:
    expected = [MatplotlibNormalize()(single) for single in SLICES]
    np.testing.assert_allclose(normalize(SLICES, "each"), expected, atol=1e-6)


def test_layer_is_what_matplotlib_makes_of_all_slices() -> None:
    np.testing.assert_allclose(normalize(SLICES, "layer"), MatplotlibNormalize()(SLICES), atol=1e-6)


def test_symmetric_is_what_matplotlib_makes_centred_on_zero() -> None:
    np.testing.assert_allclose(normalize(SLICES, "symmetric"), CenteredNorm(0)(SLICES), atol=1e-6)
    assert normalize(np.array([[0.0, 2.0]]), "symmetric").tolist() == [[0.5, 1.0]]


def test_every_leading_axis_counts_slices() -> None:
    epochs = np.random.default_rng(1).normal(size=(3, 2, 5, 4))
    separately = np.stack([normalize(epoch, "each") for epoch in epochs])
    np.testing.assert_array_equal(normalize(epochs, "each"), separately)
    np.testing.assert_array_equal(normalize(epochs[0, 0], "each"), separately[0, 0])


@pytest.mark.parametrize("value", [0.0, 3.0, -3.0])
@pytest.mark.parametrize("how", ["each", "layer"])
def test_a_constant_is_black_as_in_matplotlib(how: Normalize, value: float) -> None:
    constant = np.full((2, 3, 3), value, np.float32)
    np.testing.assert_array_equal(normalize(constant, how), MatplotlibNormalize()(constant))
    np.testing.assert_array_equal(normalize(constant, how), 0)


def test_one_constant_slice_leaves_the_others_alone() -> None:
    mixed = np.concatenate([SLICES, np.ones((1, 5, 4), np.float32)])
    unit = normalize(mixed, "each")
    np.testing.assert_array_equal(unit[:-1], normalize(SLICES, "each"))
    np.testing.assert_array_equal(unit[-1], 0)


def test_zeros_alone_are_the_middle_of_a_symmetric_range() -> None:
    np.testing.assert_array_equal(normalize(np.zeros((2, 3, 3)), "symmetric"), 0.5)


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("how", WAYS)
def test_what_is_not_finite_becomes_0_and_moves_no_range(how: Normalize, hole: float) -> None:
    broken = SLICES.copy()
    neither_end = np.unravel_index(np.argsort(np.abs(SLICES[0]), axis=None)[0], SLICES[0].shape)
    broken[0][neither_end] = hole
    expected = normalize(SLICES, how)
    expected[0][neither_end] = 0
    np.testing.assert_array_equal(normalize(broken, how), expected)


@pytest.mark.parametrize("how", WAYS)
def test_slices_without_a_finite_value_are_0(how: Normalize) -> None:
    np.testing.assert_array_equal(normalize(np.full((2, 3, 3), np.nan), how), 0)


@pytest.mark.parametrize("how", WAYS)
@given(slices=slices_of_any_kind)
def test_any_float32_ends_in_0_to_1(how: Normalize, slices: NDArray[np.float32]) -> None:
    before = slices.copy()
    unit = normalize(slices, how)
    assert unit.shape == slices.shape
    assert unit.dtype == np.float32
    assert unit.min() >= 0
    assert unit.max() <= 1
    np.testing.assert_array_equal(slices, before)


@given(arrays(np.float32, 50, elements=st.floats(0, 1, width=32)))
def test_levels_index_a_colormap_as_matplotlib_does(values: NDArray[np.float32]) -> None:
    viridis = matplotlib.colormaps["viridis"]
    np.testing.assert_array_equal(viridis(levels(values), bytes=True), viridis(values, bytes=True))


def test_levels_by_hand() -> None:
    values = np.array([0, 0.5, 1, 1 / 256, np.nextafter(np.float32(1 / 256), np.float32(0))], np.float32)
    assert levels(values).tolist() == [0, 128, 255, 1, 0]
    assert levels(values).dtype == np.uint8


@pytest.mark.parametrize("how", WAYS)
def test_the_channels_of_a_slice_in_colour_have_one_range(how: Normalize) -> None:
    colour = np.random.default_rng(2).normal(size=(4, 5, 6, 3)).astype(np.float32)
    # One grey slice with the same numbers has the same range.
    as_grey = levels(normalize(colour.reshape(4, 1, 90), how)).reshape(colour.shape)
    np.testing.assert_array_equal(shade(colour, how, colour=True), as_grey)
    assert not np.array_equal(shade(colour, how, colour=True), shade(colour, how, colour=False)) or how != "each"
