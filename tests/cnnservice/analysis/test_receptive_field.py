"""Receptive fields by hand, where they can be counted on paper."""

from __future__ import annotations

from typing import Any

import pytest

from cnnservice.analysis.receptive_field import Box, ReceptiveFields
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.presets import preset


def fields(*layers: dict[str, Any], shape: tuple[int, int, int] = (28, 28, 1)) -> ReceptiveFields:
    return ReceptiveFields(Architecture.model_validate({"layers": layers}), shape)


@pytest.mark.parametrize(
    ("layer", "size", "stride"), [("Conv1", 5, 1), ("MaxPool1", 6, 2), ("Conv2", 14, 2), ("MaxPool2", 16, 4)]
)
def test_the_notebooks_network_sees_what_its_arithmetic_says(layer: str, size: int, stride: int) -> None:
    network = ReceptiveFields(preset("cnn", (28, 28, 1), 10), (28, 28, 1))
    for y, x in ((0, 0), (1, 3), (3, 2)):
        seen = Box(y * stride, x * stride, y * stride + size, x * stride + size)
        assert network.box(layer, (y, x)) == seen
        assert network.window(layer, (y, x)) == seen


@pytest.mark.parametrize("layer", ["Flatten", "FC1", "FC2"])
def test_a_unit_without_a_place_sees_the_whole_image(layer: str) -> None:
    network = ReceptiveFields(preset("cnn", (28, 28, 1), 10), (28, 28, 1))
    assert network.box(layer, ()) == network.window(layer, ()) == Box(0, 0, 28, 28)


def test_a_window_leaves_the_image_where_the_box_ends_with_it() -> None:
    network = fields({"type": "conv2d", "name": "Conv", "filters": 1, "kernel_size": [3, 5], "padding": "same"})
    assert network.window("Conv", (0, 27)) == Box(-1, 25, 2, 30)
    assert network.box("Conv", (0, 27)) == Box(0, 25, 2, 28)


def test_what_a_stride_has_left_out_is_not_seen_through_the_padding_of_a_later_layer() -> None:
    network = fields(
        {"type": "conv2d", "filters": 1, "kernel_size": 3, "strides": 3},
        {"type": "conv2d", "name": "Second", "filters": 1, "kernel_size": 3, "padding": "same"},
        shape=(10, 10, 1),
    )
    # Three windows of three rows see rows 0 to 8; row 9 would be seen by a fourth, which there is not.
    assert network.box("Second", (2, 2)) == Box(3, 3, 9, 9)


def test_padding_alone_has_no_pixels() -> None:
    network = fields({"type": "zero_padding2d", "name": "Pad", "padding": 2})
    assert network.box("Pad", (0, 0)) == network.box("Pad", (5, 1)) == Box(0, 0, 0, 0)
    assert network.box("Pad", (2, 2)) == Box(0, 0, 1, 1)


def test_a_dilated_kernel_sees_only_the_rows_it_reads() -> None:
    network = fields(
        {"type": "conv2d", "name": "Conv", "filters": 1, "kernel_size": 2, "dilation_rate": 3, "padding": "same"}
    )
    # It reads rows -1 and 2, and there is no row -1.
    assert network.box("Conv", (0, 10)) == Box(2, 9, 3, 13)


def test_of_two_branches_the_field_is_that_of_both() -> None:
    network = fields(
        {"type": "conv2d", "name": "Wide", "filters": 1, "kernel_size": [1, 5], "padding": "same", "inputs": ["input"]},
        {"type": "conv2d", "name": "Tall", "filters": 1, "kernel_size": [3, 1], "padding": "same", "inputs": ["input"]},
        {"type": "add", "name": "Sum", "inputs": ["Wide", "Tall"]},
    )
    assert network.box("Sum", (10, 10)) == Box(9, 8, 12, 13)


def test_resnets_field_grows_past_its_image() -> None:
    network = ReceptiveFields(preset("resnet20", (32, 32, 3), 10), (32, 32, 3))
    # 1 + 2 * (1 + 6 of stride 1) + 2 * (6 of stride 2) + 2 * (6 of stride 4), two of them with the stride before it.
    window = network.window("stack3_block3_relu2", (4, 4))
    assert (window.bottom - window.top, window.right - window.left) == (81, 81)
    assert network.box("stack3_block3_relu2", (4, 4)) == Box(0, 0, 32, 32)
