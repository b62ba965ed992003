"""Filters of every kind, and groups of duplicates, against loops over single weights and pairs."""

from __future__ import annotations

from itertools import combinations
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnnservice.analysis import filters
from cnnservice.analysis.filters import (
    duplicate_filters,
    filter_matrix,
    has_filters,
    outputs_of_filters,
    zero_filters,
)
from cnnservice.specs.architecture import Architecture, summarize
from cnnservice.specs.layers.union import AnyLayer

Array = np.ndarray[Any, Any]


def random(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def cosine(one: Array, other: Array) -> float:
    a, b = one.astype(np.float64).ravel(), other.astype(np.float64).ravel()
    return float(sum(a * b) / (sum(a * a) ** 0.5 * sum(b * b) ** 0.5))


def groups_by_hand(rows: Array, threshold: float) -> list[tuple[tuple[int, ...], float]]:
    """Every pair, then from each filter along the pairs, one step after another."""
    pairs = {(i, j): cosine(rows[i], rows[j]) for i, j in combinations(range(len(rows)), 2)}
    near = {pair: value for pair, value in pairs.items() if value >= threshold}
    seen, found = set[int](), []
    for first in range(len(rows)):
        group, waiting = set[int](), [first]
        while waiting and first not in seen:
            one = waiting.pop()
            group.add(one)
            waiting += [other for pair in near for other in pair if one in pair and other not in group]
        seen |= group
        if len(group) > 1:
            found.append((tuple(sorted(group)), min(value for pair, value in near.items() if pair[0] in group)))
    return found


def told(rows: Array, threshold: float) -> list[tuple[tuple[int, ...], float]]:
    return [(group.filters, group.similarity) for group in duplicate_filters(rows.astype(np.float64), threshold)]


@pytest.mark.parametrize(("kind", "shape"), [("conv1d", (4, 3)), ("conv2d", (3, 2, 4)), ("conv3d", (2, 3, 2, 3))])
def test_a_convolutions_filters_are_along_its_last_axis(kind: str, shape: tuple[int, ...]) -> None:
    kernel = random(*shape, 5)
    matrix = filter_matrix(kind, {"kernel": kernel, "bias": random(5)})
    np.testing.assert_array_equal(matrix, [kernel[..., index].ravel() for index in range(5)])


def test_a_dense_layers_units_are_its_columns() -> None:
    kernel = random(7, 3)
    np.testing.assert_array_equal(
        filter_matrix("dense", {"kernel": kernel}), [kernel[:, unit].tolist() for unit in range(3)]
    )


def test_a_transposed_convolutions_filters_are_before_its_input_channels() -> None:
    kernel = random(3, 2, 5, 4)
    matrix = filter_matrix("conv2d_transpose", {"kernel": kernel})
    np.testing.assert_array_equal(matrix, [kernel[:, :, index, :].ravel() for index in range(5)])


def test_a_depthwise_convolutions_filters_are_in_the_order_of_its_output() -> None:
    kernel = random(3, 2, 4, 5)
    matrix = filter_matrix("depthwise_conv2d", {"kernel": kernel})
    by_hand = [kernel[:, :, channel, multiplier].ravel() for channel in range(4) for multiplier in range(5)]
    np.testing.assert_array_equal(matrix, by_hand)


# The multiplier below, at and above the number of weights in a window.
@pytest.mark.parametrize(
    ("height", "width", "channels", "multiplier"), [(3, 2, 4, 1), (3, 3, 2, 3), (2, 1, 3, 2), (1, 2, 3, 5)]
)
def test_a_separable_convolutions_filters_are_what_both_kernels_make_together(
    height: int, width: int, channels: int, multiplier: int
) -> None:
    depthwise = random(height, width, channels, multiplier)
    pointwise = random(1, 1, channels * multiplier, 6, seed=1)
    effective = np.zeros((6, height, width, channels))
    for f in range(6):
        for c in range(channels):
            for m in range(multiplier):
                effective[f, :, :, c] += depthwise[:, :, c, m].astype(float) * pointwise[0, 0, c * multiplier + m, f]
    matrix = filter_matrix("separable_conv2d", {"depthwise_kernel": depthwise, "pointwise_kernel": pointwise})
    assert matrix.shape[1] <= channels * multiplier
    products = effective.reshape(6, -1) @ effective.reshape(6, -1).T
    np.testing.assert_allclose(matrix @ matrix.T, products, rtol=1e-10, atol=1e-10)


def test_every_layer_with_a_kernel_has_filters_and_no_other() -> None:
    kinds = {
        kind: layer.has_kernel for layer in layer_classes() for kind in get_args(layer.model_fields["type"].annotation)
    }
    assert {kind for kind in kinds if has_filters(kind)} == {kind for kind, has_kernel in kinds.items() if has_kernel}


def layer_classes() -> tuple[Any, ...]:
    union, *_ = get_args(AnyLayer)
    classes: tuple[Any, ...] = get_args(union)
    return classes


def test_duplicates_are_those_of_a_loop_over_all_pairs() -> None:
    base = random(6, 9)
    rows = np.concatenate([base, 3 * base[[1, 4]], base[[1, 2]] + 0.01 * random(2, 9, seed=2), -base[[3]]])
    for threshold in (0.5, 0.99, 0.9999, 1.0):
        by_hand = groups_by_hand(rows, threshold - 1e-9 if threshold == 1 else threshold)
        assert [group for group, _ in by_hand], threshold
        assert [group for group, _ in told(rows, threshold)] == [group for group, _ in by_hand]
        np.testing.assert_allclose([s for _, s in told(rows, threshold)], [s for _, s in by_hand], rtol=1e-12)


@given(st.integers(0, 10_000), st.integers(1, 30), st.sampled_from([0.3, 0.7, 0.9, 0.99]), st.integers(1, 80))
def test_blocks_of_any_size_find_the_same_groups(seed: int, count: int, threshold: float, held: int) -> None:
    rows = random(count, 3, seed=seed)
    by_hand = groups_by_hand(rows, threshold)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(filters, "_COSINES", held)
        found = told(rows, threshold)
    assert [group for group, _ in found] == [group for group, _ in by_hand]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in by_hand], rtol=1e-12)


def test_filters_are_joined_by_one_between_them_and_the_least_similar_joint_is_told() -> None:
    angles = np.radians([0, 7, 100, 12, 90])
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    ((filters_found, similarity),) = told(rows, 0.99)
    # 0 and 12 degrees are too far apart, but 7 is near to both.
    assert filters_found == (0, 1, 3)
    assert similarity == pytest.approx(np.cos(np.radians(7)))
    assert [group for group, _ in told(rows, 0.98)] == [(0, 1, 3), (2, 4)]


def test_multiples_are_duplicates_at_threshold_one_though_float32_has_rounded_them() -> None:
    kernel = random(1, 25)
    rows = np.concatenate([kernel * np.float32(factor) for factor in (1, 3.1, 1e-20, 7e17, -1)]).astype(np.float32)
    ((filters_found, similarity),) = told(rows, 1.0)
    assert filters_found == (0, 1, 2, 3)
    assert 1 - 1e-12 < similarity <= 1
    rows[1, 0] *= np.float32(1.0001)
    assert [group for group, _ in told(rows, 1.0)] == [(0, 2, 3)]


def test_filters_of_zeros_are_named_and_duplicate_nothing() -> None:
    rows = np.array([[0, 0, 0], [1, 2, 3], [-0.0, 0, 0], [1, 2, 3], [3e-40, 0, -1e-40]], np.float32)
    assert zero_filters(rows.astype(np.float64)).tolist() == [0, 2]
    assert told(rows, 0.01) == [((1, 3), pytest.approx(1))]
    assert told(rows[[0, 2]], 0.01) == []


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("diverged", [np.nan, np.inf])
def test_a_diverged_filter_is_neither_zero_nor_a_duplicate(diverged: float) -> None:
    rows = np.array([[1, 2, 3], [diverged, diverged, 3], [diverged, diverged, 3], [2, 4, 6], [0, 0, 0]], np.float32)
    assert [group for group, _ in told(rows, 0.01)] == [(0, 3)]
    assert zero_filters(rows.astype(np.float64)).tolist() == [4]


def test_a_single_filter_duplicates_nothing() -> None:
    assert told(random(1, 4), 0.01) == []


def test_thousands_of_equal_filters_are_one_group() -> None:
    assert told(np.ones((3000, 2)), 1.0) == [(tuple(range(3000)), pytest.approx(1))]


def test_a_filters_outputs_go_on_through_what_keeps_channels_and_alone_reads_them() -> None:
    layers = [
        {"type": "conv2d", "name": "first", "filters": 4, "kernel_size": 3, "padding": "same"},
        {"type": "batch_normalization", "name": "norm"},
        {"type": "re_lu", "name": "bend"},
        {"type": "conv2d", "name": "second", "filters": 4, "kernel_size": 3, "padding": "same"},
        {"type": "activation", "name": "act", "activation": "relu"},
        {"type": "add", "name": "sum", "inputs": ["second", "act"]},
        {"type": "flatten", "name": "flat"},
        {"type": "dense", "name": "hidden", "units": 3},
        {"type": "leaky_re_lu", "name": "leak"},
        {"type": "dropout", "name": "drop", "rate": 0.5},
        {"type": "dense", "name": "out", "units": 10, "activation": "softmax"},
    ]
    summary = summarize(Architecture.model_validate({"layers": layers}), (8, 8, 1))
    assert outputs_of_filters(summary, "first") == ("first", "norm", "bend")
    # The sum reads it as well.
    assert outputs_of_filters(summary, "second") == ("second",)
    assert outputs_of_filters(summary, "hidden") == ("hidden", "leak")
    assert outputs_of_filters(summary, "out") == ("out",)
