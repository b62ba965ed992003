import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnservice.drawing.slices import ChannelOutOfRange, SliceOutOfRange, choose, feature_map_slices, kernel_slices
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
