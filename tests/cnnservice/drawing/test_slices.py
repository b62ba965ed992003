import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from cnnservice.drawing.slices import (
    ChannelOutOfRange,
    SliceOutOfRange,
    UnknownWeight,
    choose,
    drawable_weights,
    feature_map_planes,
    feature_map_slices,
    kernel_planes,
    kernel_slices,
    weight_name,
)
from cnnservice.errors import InvalidError

KERNEL = np.random.default_rng(0).normal(size=(5, 4, 3, 2)).astype(np.float32)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_a_channel_gives_one_slice_a_filter(channel: int) -> None:
    slices = kernel_slices(KERNEL, channel=channel)
    assert slices.shape == (2, 5, 4)
    assert slices.dtype == np.float32
    for filter_ in range(2):
        np.testing.assert_array_equal(slices[filter_], KERNEL[:, :, channel, filter_])


def test_all_channels_come_in_the_order_of_reshape() -> None:
    slices = kernel_slices(KERNEL, channel="all")
    assert slices.shape == (6, 5, 4)
    for index in range(6):
        np.testing.assert_array_equal(slices[index], KERNEL.reshape(5, 4, 6)[:, :, index])
        np.testing.assert_array_equal(slices[index], KERNEL[:, :, index // 2, index % 2])


@pytest.mark.parametrize("channel", [-1, 3, 99])
def test_a_channel_the_kernel_lacks_is_named_with_what_is_allowed(channel: int) -> None:
    with pytest.raises(ChannelOutOfRange) as caught:
        kernel_slices(KERNEL, channel=channel)
    assert isinstance(caught.value, InvalidError)
    assert caught.value.code == "channel-out-of-range"
    for part in (str(channel), "0..2", "all"):
        assert part in caught.value.detail
    assert [error.pointer for error in caught.value.errors] == ["?channel"]


def test_a_grey_kernel_allows_channel_0_alone() -> None:
    with pytest.raises(ChannelOutOfRange, match="0 or 'all'"):
        kernel_slices(KERNEL[:, :, :1], channel=1)


def numbers(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(1).normal(size=shape).astype(np.float32)


def test_a_convolution_shows_channel_0_when_none_is_named() -> None:
    np.testing.assert_array_equal(kernel_slices(KERNEL), kernel_slices(KERNEL, channel=0))


def test_a_filter_over_a_sequence_is_a_row() -> None:
    kernel = numbers(7, 3, 4)
    slices = kernel_slices(kernel, kind="conv1d", channel=2)
    assert slices.shape == (4, 1, 7)
    for filter_ in range(4):
        np.testing.assert_array_equal(slices[filter_, 0], kernel[:, 2, filter_])
    everything = kernel_slices(kernel, kind="conv1d", channel="all")
    np.testing.assert_array_equal(everything[:, 0], kernel.reshape(7, 12).T)


def test_a_filter_over_a_volume_is_its_planes_side_by_side() -> None:
    kernel = numbers(2, 3, 5, 4, 6)
    slices = kernel_slices(kernel, kind="conv3d", channel=1)
    assert slices.shape == (6, 3, 10)
    assert kernel_planes(kernel) == 2
    for filter_ in range(6):
        np.testing.assert_array_equal(
            slices[filter_], np.hstack([kernel[0, ..., 1, filter_], kernel[1, ..., 1, filter_]])
        )


def test_a_transposed_convolution_has_its_filters_before_its_channels() -> None:
    kernel = numbers(3, 4, 2, 5)
    np.testing.assert_array_equal(kernel_slices(kernel, kind="conv2d_transpose", channel=4)[1], kernel[:, :, 1, 4])
    everything = kernel_slices(kernel, kind="conv2d_transpose", channel="all")
    assert everything.shape == (10, 3, 4)
    for channel in range(5):
        for filter_ in range(2):
            np.testing.assert_array_equal(everything[channel * 2 + filter_], kernel[:, :, filter_, channel])
    with pytest.raises(ChannelOutOfRange, match=r"0\.\.4"):
        kernel_slices(kernel, kind="conv2d_transpose", channel=5)


@pytest.mark.parametrize(("kind", "weight"), [("depthwise_conv2d", "kernel"), ("separable_conv2d", "depthwise_kernel")])
def test_a_depthwise_kernel_shows_every_channels_filters_or_those_of_one(kind: str, weight: str) -> None:
    kernel = numbers(3, 3, 4, 2)
    everything = kernel_slices(kernel, kind=kind, weight=weight)
    assert everything.shape == (8, 3, 3)
    for channel in range(4):
        one = kernel_slices(kernel, kind=kind, weight=weight, channel=channel)
        for number in range(2):
            np.testing.assert_array_equal(one[number], kernel[:, :, channel, number])
            np.testing.assert_array_equal(everything[channel * 2 + number], kernel[:, :, channel, number])


def test_a_pointwise_filter_is_the_squarest_grid_of_its_inputs() -> None:
    kernel = numbers(1, 1, 12, 5)
    slices = kernel_slices(kernel, kind="separable_conv2d", weight="pointwise_kernel")
    assert slices.shape == (5, 3, 4)
    np.testing.assert_array_equal(slices[2].ravel(), kernel[0, 0, :, 2])
    one = kernel_slices(kernel, kind="separable_conv2d", weight="pointwise_kernel", channel=7)
    np.testing.assert_array_equal(one.ravel(), kernel[0, 0, 7])


@pytest.mark.parametrize(
    ("inputs", "rows", "cols"), [(64, 8, 8), (32, 4, 8), (13, 1, 13), (784, 28, 28), (1, 1, 1), (50, 5, 10)]
)
def test_a_unit_is_the_squarest_grid_of_its_inputs(inputs: int, rows: int, cols: int) -> None:
    kernel = numbers(inputs, 3)
    slices = kernel_slices(kernel, kind="dense")
    assert slices.shape == (3, rows, cols)
    for unit in range(3):
        np.testing.assert_array_equal(slices[unit].ravel(), kernel[:, unit])


def test_a_unit_that_reads_grey_pixels_is_an_image() -> None:
    kernel = numbers(12, 3)
    slices = kernel_slices(kernel, kind="dense", image_shape=(6, 2, 1))
    assert slices.shape == (3, 6, 2)
    np.testing.assert_array_equal(slices[1].ravel(), kernel[:, 1])


def test_a_unit_that_reads_pixels_in_colour_is_an_image_in_colour_or_one_channel_of_it() -> None:
    kernel = numbers(24, 5)
    slices = kernel_slices(kernel, kind="dense", image_shape=(4, 2, 3))
    assert slices.shape == (5, 4, 2, 3)
    assert slices.dtype == np.float32
    for unit in range(5):
        # Flattening runs over channels first, then columns, then rows.
        np.testing.assert_array_equal(slices[unit].ravel(), kernel[:, unit])
    for channel in range(3):
        green = kernel_slices(kernel, kind="dense", image_shape=(4, 2, 3), channel=channel)
        np.testing.assert_array_equal(green, slices[..., channel])
    assert kernel_slices(kernel, kind="dense", image_shape=(4, 2, 3), channel="all").shape == (15, 4, 2)


def test_a_unit_that_reads_no_pixels_has_one_channel() -> None:
    with pytest.raises(ChannelOutOfRange, match="0 or 'all'"):
        kernel_slices(numbers(12, 3), kind="dense", channel=1)


def test_a_layers_first_kernel_is_drawn_unless_another_is_named() -> None:
    assert weight_name("conv2d", None) == "kernel"
    assert weight_name("separable_conv2d", None) == "depthwise_kernel"
    assert weight_name("separable_conv2d", "pointwise_kernel") == "pointwise_kernel"
    assert drawable_weights("max_pooling2d") == ()


@pytest.mark.parametrize(
    ("kind", "weight", "known"),
    [
        ("conv2d", "bias", "kernel"),
        ("separable_conv2d", "kernel", "depthwise_kernel, pointwise_kernel"),
        ("max_pooling2d", None, "none"),
    ],
)
def test_a_kernel_that_the_layer_lacks_is_named_with_those_there_are(kind: str, weight: str | None, known: str) -> None:
    with pytest.raises(UnknownWeight) as caught:
        weight_name(kind, weight)
    assert isinstance(caught.value, InvalidError)
    assert caught.value.code == "unknown-weight"
    assert caught.value.detail == f"weight is {str(weight)!r}; the kernels of a {kind} that can be drawn: {known}."
    assert [error.pointer for error in caught.value.errors] == ["?weight"]


def test_a_feature_map_of_a_sequence_is_a_row_and_of_a_volume_planes_side_by_side() -> None:
    sequence, volume = numbers(9, 4), numbers(2, 3, 5, 4)
    assert feature_map_slices(sequence).shape == (4, 1, 9)
    np.testing.assert_array_equal(feature_map_slices(sequence)[3, 0], sequence[:, 3])
    assert feature_map_slices(volume).shape == (4, 3, 10)
    np.testing.assert_array_equal(feature_map_slices(volume)[3], np.hstack([volume[0, ..., 3], volume[1, ..., 3]]))
    assert [feature_map_planes(array) for array in (volume, sequence, numbers(3, 5, 4), numbers(4))] == [2, 1, 1, 1]


def test_feature_maps_come_channel_by_channel() -> None:
    activation = np.random.default_rng(0).normal(size=(7, 6, 5))
    slices = feature_map_slices(activation)
    assert slices.shape == (5, 7, 6)
    assert slices.dtype == np.float32
    for channel in range(5):
        np.testing.assert_array_equal(slices[channel], activation[:, :, channel].astype(np.float32))


def test_each_unit_of_a_flat_activation_is_a_slice_of_one_cell() -> None:
    slices = feature_map_slices(np.arange(4, dtype=np.float32))
    assert slices.shape == (4, 1, 1)
    np.testing.assert_array_equal(slices.ravel(), [0, 1, 2, 3])


@given(st.data())
def test_count_from_start_is_a_slice_of_the_range(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 500))
    start = data.draw(st.integers(0, n - 1))
    count = data.draw(st.none() | st.integers(1, n - start))
    indices = choose(n, start=start, count=count)
    assert indices.dtype == np.int64
    assert indices.tolist() == list(range(n))[start : None if count is None else start + count]


@given(st.data())
def test_a_sample_is_distinct_in_range_and_the_same_for_the_same_seed(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 500))
    sample = data.draw(st.integers(1, n))
    seed = data.draw(st.integers(0, 2**32 - 1))
    indices = choose(n, sample=sample, seed=seed)
    assert indices.dtype == np.int64
    assert len(set(indices.tolist())) == sample
    assert set(indices.tolist()) <= set(range(n))
    assert indices.tolist() == np.random.default_rng(seed).choice(n, size=sample, replace=False).tolist()


def test_another_seed_draws_another_sample() -> None:
    assert choose(100, sample=10, seed=1).tolist() != choose(100, sample=10, seed=2).tolist()


@pytest.mark.parametrize(
    ("arguments", "parameter", "value", "allowed"),
    [
        ({"start": 8}, "start", 8, "0..7"),
        ({"start": -1}, "start", -1, "0..7"),
        ({"count": 9}, "count", 9, "1..8"),
        ({"start": 5, "count": 4}, "count", 4, "1..3"),
        ({"count": 0}, "count", 0, "1..8"),
        ({"sample": 9}, "sample", 9, "1..8"),
        ({"sample": 0}, "sample", 0, "1..8"),
    ],
)
def test_slices_that_are_not_there_are_refused_by_parameter(
    arguments: dict[str, int], parameter: str, value: int, allowed: str
) -> None:
    with pytest.raises(SliceOutOfRange) as caught:
        choose(8, **arguments)
    assert isinstance(caught.value, InvalidError)
    assert caught.value.code == "slice-out-of-range"
    assert caught.value.detail == f"{parameter} is {value}; {allowed} is allowed."
    assert [error.pointer for error in caught.value.errors] == [f"?{parameter}"]


def test_the_last_slice_can_be_reached() -> None:
    assert choose(8, start=7, count=1).tolist() == [7]
    assert sorted(choose(8, sample=8).tolist()) == list(range(8))
