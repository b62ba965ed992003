"""Every network of the allow-list says the same in ONNX Runtime as in the service."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

from cnnservice.nn.build import build_model
from cnnservice.nn.to_onnx.convert import NotInOnnx, onnx_model
from cnnservice.nn.to_onnx.registry import CONVERTERS
from cnnservice.specs.applications.mobilenet_v2 import MobileNetV2
from cnnservice.specs.architecture import Architecture, summarize
from cnnservice.specs.errors import ImpossibleArchitecture
from cnnservice.specs.layers.activations import ActivationName
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.global_pooling import GlobalAveragePooling2D
from cnnservice.specs.layers.union import AnyLayer
from cnnservice.specs.presets import PRESETS
from random_architectures import random_architecture

# Random networks.
ENOUGH, ALL = 40, 150
Array = np.ndarray[Any, Any]
Layer = dict[str, Any]


def run_onnx(model: onnx.ModelProto, images: Array) -> Array:
    """What ONNX Runtime, as it comes, makes of images."""
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (output,) = session.run(["output"], {"input": images})
    return np.asarray(output)


def run_keras(model: keras.Model, images: Array) -> Array:
    """What Keras makes of any number of images: told theirs, its addition takes a column of 3 for a row of 3."""

    @tf.function(input_signature=[tf.TensorSpec(model.input_shape, tf.float32)])
    def forward(inputs: tf.Tensor) -> tf.Tensor:
        return model(inputs, training=False)

    return np.asarray(forward(images))


def assert_says_the_same(architecture: Architecture, shape: tuple[int, ...], seed: int = 0) -> None:
    network = build_model(architecture, shape)
    random = np.random.default_rng(seed)
    for weight in network.weights:
        positive = weight.name == "moving_variance"
        weight.assign(random.uniform(0.5, 2, weight.shape) if positive else random.normal(0, 0.3, weight.shape))
    model = onnx_model(network, {})
    for images in (random.normal(0, 2, (n, *shape)).astype(np.float32) for n in (1, 3)):
        expected, told = run_keras(network, images), run_onnx(model, images)
        assert told.shape == expected.shape
        np.testing.assert_allclose(told, expected, rtol=1e-5, atol=1e-5)


def network(*layers: Layer) -> Architecture:
    return Architecture.model_validate({"layers": layers})


SEQUENCE: Layer = {"type": "reshape", "target_shape": [-1, 3]}
VOLUME: Layer = {"type": "reshape", "target_shape": [7, 4, 5, -1]}
# Sides and strides for which `same` adds more after than before.
UNEVEN = ({"padding": "same", "strides": 2}, {"padding": "same", "dilation_rate": 2}, {"padding": "valid"})
CASES: list[list[Layer]] = [
    *([{"type": "conv2d", "filters": 4, "kernel_size": [2, 5], "activation": "relu", **how}] for how in UNEVEN),
    [{"type": "conv2d", "filters": 2, "kernel_size": 1, "strides": 3, "padding": "same", "use_bias": False}],
    *([SEQUENCE, {"type": "conv1d", "filters": 4, "kernel_size": 4, **how}] for how in UNEVEN),
    [SEQUENCE, {"type": "conv1d", "filters": 4, "kernel_size": 3, "padding": "causal", "dilation_rate": 2}],
    [SEQUENCE, {"type": "conv1d", "filters": 4, "kernel_size": 3, "padding": "causal", "strides": 2}],
    *([VOLUME, {"type": "conv3d", "filters": 4, "kernel_size": [2, 3, 4], **how}] for how in UNEVEN),
    *([{"type": "depthwise_conv2d", "kernel_size": [4, 3], "depth_multiplier": 2, **how}] for how in UNEVEN),
    *([{"type": "separable_conv2d", "filters": 5, "kernel_size": 3, "depth_multiplier": 2, **how}] for how in UNEVEN),
    *(
        [{"type": "conv2d_transpose", "filters": 4, "kernel_size": size, "strides": strides, "padding": padding}]
        for size, strides, padding in product(([2, 5], 1, 3), (1, [2, 3], 4), ("valid", "same"))
    ),
    *(
        [before, {"type": f"{kind}_pooling{rank}d", "pool_size": size, "strides": strides, "padding": padding}]
        for (rank, before), kind, (size, strides), padding in product(
            ((1, SEQUENCE), (2, {"type": "dropout", "rate": 0.5}), (3, VOLUME)),
            ("max", "average"),
            ((3, None), (2, 3), (3, 1)),
            ("valid", "same"),
        )
    ),
    *(
        [before, {"type": f"global_{kind}_pooling{rank}d", "keepdims": keepdims}]
        for (rank, before), kind, keepdims in product(
            ((1, SEQUENCE), (2, {"type": "spatial_dropout2d", "rate": 0.5}), (3, VOLUME)),
            ("max", "average"),
            (False, True),
        )
    ),
    [{"type": "conv2d", "filters": 4, "kernel_size": 3}, {"type": "flatten"}, {"type": "dense", "units": 3}],
    [{"type": "dense", "units": 3, "use_bias": False}],
    [{"type": "flatten"}, {"type": "flatten"}, {"type": "dense", "units": 3}],
    [{"type": "zero_padding2d", "padding": [[1, 2], [0, 3]]}],
    [{"type": "up_sampling2d", "size": [2, 3]}],
    [{"type": "up_sampling2d", "size": [3, 2], "interpolation": "bilinear"}],
    *(
        [{"type": "batch_normalization", "center": center, "scale": scale, "epsilon": 0.1}]
        for center, scale in product((False, True), repeat=2)
    ),
    [{"type": "flatten"}, {"type": "batch_normalization"}],
    *(
        [{"type": "layer_normalization", "axis": axis, "center": center, "scale": not center or axis == -1}]
        for axis, center in product((-1, 1, [2, 1], [-1, 1], [1, 2, 3]), (False, True))
    ),
    *([{"type": "activation", "activation": name}] for name in get_args(ActivationName)),
    *([{"type": "dense", "units": 4, "activation": name}] for name in get_args(ActivationName)),
    *(
        [{"type": "re_lu", "max_value": max_value, "negative_slope": slope, "threshold": threshold}]
        for max_value, slope, threshold in product((None, 1.5, 6.0), (0.0, 0.2), (0.0, 0.7))
    ),
    [{"type": "leaky_re_lu", "negative_slope": 0.05}],
    *(
        [{"type": "activation", "activation": "tanh", "name": "a"}, {"type": kind, "inputs": ["input", "a", "a"]}]
        for kind in ("add", "concatenate")
    ),
    [
        {"type": "global_max_pooling2d", "keepdims": True, "name": "a"},
        {"type": "add", "inputs": ["input", "a"]},
    ],
    [{"type": "random_flip"}, {"type": "dense", "units": 2}],
    [{"type": "random_translation", "height_factor": 0.2, "width_factor": 0.2}],
    [{"type": "random_rotation", "factor": 0.2}],
    [{"type": "random_zoom", "height_factor": 0.2}],
    [{"type": "random_contrast", "factor": 0.2}],
]


@pytest.mark.parametrize("layers", CASES, ids=lambda layers: f"{layers[-1]}"[:90])
def test_every_layer_says_the_same_in_onnx(layers: list[Layer]) -> None:
    assert_says_the_same(network(*layers), (7, 10, 6))


def test_every_layer_of_the_allow_list_is_tried() -> None:
    allowed = {layer.__name__ for layer in get_args(get_args(AnyLayer)[0])}
    tried = {type(layer).__name__ for case in CASES for layer in network(*case).layers}
    assert tried == allowed
    assert CONVERTERS.keys() == allowed


def wrong_in_tensorflow(layers: list[Layer], architecture: Architecture, shape: tuple[int, int, int]) -> bool:
    """Whether a Conv3D strides along a last side of 1: with oneDNN, TensorFlow 2.21 computes some of these wrongly."""
    made = {layer.name: layer.output_shape for layer in summarize(architecture, shape).layers}
    return any(layer["type"] == "conv3d" and made[layer["name"]][2] == 1 for layer in layers)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_random_networks_say_the_same_in_onnx(full: bool) -> None:
    tried = seed = 0
    while tried < (ALL if full else ENOUGH):
        shape, layers = random_architecture(seed)
        seed += 1
        architecture = Architecture.model_validate({"layers": layers})
        try:
            if wrong_in_tensorflow(layers, architecture, shape):
                continue
        except ImpossibleArchitecture:
            continue
        tried += 1
        try:
            assert_says_the_same(architecture, shape, seed)
        except AssertionError as difference:
            raise AssertionError(f"network {seed - 1}: {shape}, {layers}") from difference


@pytest.mark.parametrize("name", ["cnn", "lenet5", "resnet20", "vgg_small"])
def test_presets_say_the_same_in_onnx(name: str) -> None:
    assert_says_the_same(PRESETS[name].build((32, 32, 3), 10), (32, 32, 3))


def test_a_ready_made_network_says_the_same_in_onnx() -> None:
    head = (GlobalAveragePooling2D(), Dense(units=10, activation="softmax"))
    architecture = Architecture(base=MobileNetV2(alpha=0.35, weights=None), layers=head)
    model = build_model(architecture, (33, 47, 3))
    images = np.random.default_rng(0).normal(size=(2, 33, 47, 3)).astype(np.float32)
    np.testing.assert_allclose(run_onnx(onnx_model(model, {}), images), run_keras(model, images), atol=1e-5)


def test_the_file_says_what_it_takes_and_of_what_it_is() -> None:
    keras_model = build_model(network({"type": "dense", "name": "out", "units": 4}), (5, 6, 3))
    model = onnx_model(keras_model, {"epoch": "7", "classes": '["ä"]'})
    (given,), (made,) = model.graph.input, model.graph.output
    sides = [[side.dim_param or side.dim_value for side in value.type.tensor_type.shape.dim] for value in (given, made)]
    assert sides == [["batch", 5, 6, 3], ["batch", 5, 6, 4]]
    assert (given.name, made.name) == ("input", "output")
    assert given.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    assert {entry.key: entry.value for entry in model.metadata_props} == {"epoch": "7", "classes": '["ä"]'}
    assert [(known.domain, known.version) for known in model.opset_import] == [("", 20)]
    assert {tensor.name for tensor in model.graph.initializer} == {"out/kernel", "out/bias"}


def test_a_layer_without_an_onnx_form_is_named() -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.PReLU(name="odd")])
    with pytest.raises(NotInOnnx, match=r"'odd' is a PReLU.*export to keras"):
        onnx_model(model, {})
