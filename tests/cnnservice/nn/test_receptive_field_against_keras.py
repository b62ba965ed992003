"""The pixels that Keras' gradient reaches are those that the arithmetic says."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnservice.analysis.receptive_field import Box, ReceptiveFields
from cnnservice.nn.build import build_model
from cnnservice.specs.architecture import Architecture, summarize
from cnnservice.specs.errors import ImpossibleArchitecture
from cnnservice.specs.presets import preset
from random_architectures import random_architecture

Shape = tuple[int, int, int]
ODD: dict[str, tuple[Shape, list[dict[str, Any]]]] = {
    "strides and both paddings": (
        (23, 17, 1),
        [
            {"type": "conv2d", "filters": 2, "kernel_size": [4, 3], "strides": [3, 2], "padding": "same"},
            {"type": "max_pooling2d", "pool_size": 3, "strides": 2, "padding": "same"},
            {"type": "conv2d", "filters": 2, "kernel_size": 2, "strides": [1, 2]},
        ],
    ),
    "dilation": (
        (20, 21, 1),
        [
            {"type": "conv2d", "filters": 2, "kernel_size": [2, 3], "dilation_rate": [3, 2], "padding": "same"},
            {"type": "depthwise_conv2d", "kernel_size": 3, "dilation_rate": 2},
        ],
    ),
    "larger again": (
        (9, 8, 1),
        [
            {"type": "conv2d_transpose", "filters": 2, "kernel_size": [3, 5], "strides": [2, 3], "padding": "same"},
            {"type": "up_sampling2d", "size": [2, 3], "interpolation": "bilinear"},
            {"type": "conv2d_transpose", "filters": 2, "kernel_size": [3, 2], "strides": [2, 1]},
            {"type": "up_sampling2d", "size": 2},
            {"type": "zero_padding2d", "padding": [[2, 0], [1, 3]]},
        ],
    ),
    "branches of unlike strides": (
        (19, 18, 3),
        [
            {"type": "separable_conv2d", "name": "a", "filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"},
            {
                "type": "conv2d",
                "name": "b",
                "filters": 2,
                "kernel_size": 1,
                "strides": 2,
                "padding": "same",
                "inputs": ["input"],
            },
            {"type": "add", "name": "sum", "inputs": ["a", "b"]},
            {"type": "average_pooling2d", "pool_size": [3, 2], "strides": [2, 1]},
        ],
    ),
    "one number for all places": (
        (8, 8, 1),
        [
            {"type": "conv2d", "name": "a", "filters": 2, "kernel_size": 3},
            {"type": "global_average_pooling2d", "name": "b", "keepdims": True},
            {"type": "add", "inputs": ["a", "b"]},
        ],
    ),
}


def _smooth(layer: dict[str, Any]) -> dict[str, Any]:
    """The same places read, and every one of them felt: averages for maxima, no activation."""
    kind = layer["type"].replace("max_pooling", "average_pooling").replace("global_max", "global_average")
    changed = {"type": kind} | ({"activation": "linear"} if "activation" in layer else {})
    if kind in ("relu", "re_lu", "leaky_re_lu"):
        return {"type": "activation", "activation": "linear", "name": layer["name"], "inputs": layer.get("inputs")}
    return layer | changed


def _reached(model: keras.Model, layer: str, position: tuple[int, ...], images: np.ndarray[Any, Any]) -> Box:
    until = keras.Model(model.inputs, model.get_layer(layer).output)
    images = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(images)
        output = until(images, training=False)
        total = tf.reduce_sum(output[(slice(None), *position)])
    felt = np.abs(tape.gradient(total, images, unconnected_gradients="zero")).max(axis=(0, 3)) > 0
    rows, columns = np.flatnonzero(felt.any(axis=1)), np.flatnonzero(felt.any(axis=0))
    return Box(rows[0], columns[0], rows[-1] + 1, columns[-1] + 1) if rows.size else Box(0, 0, 0, 0)


def _compare(shape: Shape, layers: list[dict[str, Any]], every: int = 1) -> None:
    architecture = Architecture.model_validate({"layers": [_smooth(layer) for layer in layers]})
    model, fields = build_model(architecture, shape), ReceptiveFields(architecture, shape)
    random = np.random.default_rng(0)
    for variable in model.variables:
        variable.assign(random.uniform(0.5, 1.5, variable.shape))
    images = random.uniform(-1, 1, (2, *shape)).astype(np.float32)
    for layer in summarize(architecture, shape).layers[::every]:
        *sides, _ = layer.output_shape
        for position in {tuple(random.integers(0, sides).tolist()) for _ in range(4)} if len(sides) == 2 else {()}:
            told, felt = fields.box(layer.name, position), _reached(model, layer.name, position, images)
            if position:
                assert told == felt, (layer, position)
            else:
                # The field of what has no place is said to be all that any layer before it sees.
                assert told.top <= felt.top < felt.bottom <= told.bottom, layer
                assert told.left <= felt.left < felt.right <= told.right, layer


@pytest.mark.parametrize("name", list(ODD))
def test_the_field_is_where_the_gradient_is_not_zero(name: str) -> None:
    shape, layers = ODD[name]
    _compare(shape, [{"name": f"layer{index}"} | layer for index, layer in enumerate(layers)])


@pytest.mark.parametrize(
    ("name", "shape", "every"),
    [
        ("cnn", (28, 28, 1), 1),
        ("lenet5", (28, 28, 1), 1),
        pytest.param("vgg_small", (32, 32, 3), 2, marks=pytest.mark.full),
        pytest.param("resnet20", (32, 32, 3), 5, marks=pytest.mark.full),
    ],
)
def test_the_field_of_a_preset_is_where_the_gradient_is_not_zero(name: str, shape: Shape, every: int) -> None:
    layers = preset(name, shape, 10).model_dump(mode="json", exclude_none=True)["layers"]
    _compare(shape, layers, every)


def test_the_fields_of_networks_drawn_at_random_are_where_the_gradient_is_not_zero(full: bool) -> None:
    compared = 0
    for seed in range(60 if full else 20):
        shape, layers = random_architecture(seed)
        layers = [layer for layer in layers if layer["type"] != "layer_normalization"]
        try:
            summarize(Architecture.model_validate({"layers": layers}), shape)
        except (ImpossibleArchitecture, ValueError):
            continue
        _compare(shape, layers)
        compared += 1
    assert compared > (15 if full else 5)
