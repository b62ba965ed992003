"""What specs say of shapes, parameters and validity is what Keras says."""

from __future__ import annotations

from typing import Any, get_args

import keras
import numpy as np
import pytest
from keras.src.utils.naming import to_snake_case
from pydantic import ValidationError

from cnnservice.nn.build import build_model
from cnnservice.specs.applications.mobilenet_v2 import ALPHAS, MobileNetV2
from cnnservice.specs.applications.resnet50_v2 import ResNet50V2
from cnnservice.specs.architecture import Architecture, Summary, summarize
from cnnservice.specs.errors import ImpossibleArchitecture
from cnnservice.specs.layers.reshaping import Flatten
from cnnservice.specs.layers.union import AnyLayer
from cnnservice.specs.presets import PRESETS
from random_architectures import random_architecture

# Random networks.
ENOUGH, ALL = 150, 600


def assert_equal(summary: Summary, model: keras.Model, told: object) -> None:
    for layer in summary.layers:
        built = model.get_layer(layer.name)
        assert tuple(built.output.shape[1:]) == layer.output_shape, (layer, told)
        assert built.count_params() == layer.params, (layer, told)
        learned = sum(int(np.prod(weight.shape)) for weight in built.trainable_weights)
        assert learned == layer.trainable_params, (layer, told)
        assert eval(layer.formula) == layer.params, (layer, told)


def summary_or_reason(architecture: Architecture, shape: tuple[int, int, int]) -> Summary | str:
    """What validation computes, or why it refuses."""
    try:
        return summarize(architecture, shape)
    except ImpossibleArchitecture as refused:
        return refused.detail


def keras_takes(architecture: Architecture, shape: tuple[int, int, int]) -> keras.Model | None:
    """The model, if Keras builds it and computes two images with it; TensorFlow finds some faults only then."""
    try:
        model = build_model(architecture, shape)
        model(np.zeros((2, *shape), np.float32), training=True)
    except Exception:
        return None
    return model


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_random_architectures_are_valid_where_keras_takes_them_and_have_its_shapes_and_parameters(full: bool) -> None:
    keras.utils.set_random_seed(0)
    enough = ALL if full else ENOUGH
    valid, refused, seen = 0, 0, set[str]()
    seed = 0
    while valid < enough:
        shape, layers = random_architecture(seed)
        seed += 1
        architecture = Architecture.model_validate({"layers": layers})
        summary = summary_or_reason(architecture, shape)
        model = keras_takes(architecture, shape)
        if isinstance(summary, str):
            assert model is None, (seed, summary, shape, layers)
            refused += 1
        else:
            assert model is not None, (seed, shape, layers)
            assert_equal(summary, model, (seed, shape, layers))
            valid += 1
            seen |= {layer["type"] for layer in layers}
    # Neither side of the claim is empty, and every type of layer was in a valid network.
    assert refused >= enough
    known = {get_args(layer.model_fields["type"].annotation)[0] for layer in get_args(get_args(AnyLayer)[0])}
    assert known <= seen, known - seen


def test_every_type_is_keras_class_name_in_snake_case() -> None:
    for layer in get_args(get_args(AnyLayer)[0]):
        keras_class = getattr(keras.layers, layer.__name__)
        names = get_args(layer.model_fields["type"].annotation)
        assert to_snake_case(keras_class.__name__) == names[0] == layer.model_fields["type"].default


BAD_ARGUMENTS: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 0, "kernel_size": 3},
    {"type": "conv2d", "filters": 4, "kernel_size": 0},
    {"type": "conv2d", "filters": 4, "kernel_size": [3, 3, 3]},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "strides": 0},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "padding": "causal"},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "padding": "full"},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "activation": "no_such"},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "kernel_initializer": "no_such"},
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "kernel_regularizer": "l3"},
    {"type": "conv1d", "filters": 4, "kernel_size": [3, 3]},
    {"type": "conv3d", "filters": 4, "kernel_size": [3, 3]},
    {"type": "depthwise_conv2d", "kernel_size": 3, "depth_multiplier": 0},
    {"type": "conv2d_transpose", "filters": -1, "kernel_size": 3},
    {"type": "max_pooling2d", "pool_size": 0},
    {"type": "dense", "units": 0},
    {"type": "dense", "units": -3},
    {"type": "reshape", "target_shape": [-1, -1]},
    {"type": "reshape", "target_shape": [-2, 3]},
    {"type": "dropout", "rate": 1.5},
    {"type": "dropout", "rate": -0.1},
    {"type": "spatial_dropout2d", "rate": 2},
    {"type": "zero_padding2d", "padding": [1, 2, 3]},
    {"type": "up_sampling2d", "size": 0},
    {"type": "re_lu", "max_value": -1},
    {"type": "leaky_re_lu", "negative_slope": -1},
    {"type": "random_rotation", "factor": 2},
    {"type": "random_contrast", "factor": -1},
    {"type": "random_zoom", "height_factor": [0.1, 0.2, 0.3]},
    {"type": "dense", "units": 3, "surprise": 1},
]


@pytest.mark.parametrize("layer", BAD_ARGUMENTS, ids=str)
def test_arguments_that_keras_refuses_are_refused(layer: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Architecture.model_validate({"layers": [layer]})
    arguments = {name: value for name, value in layer.items() if name != "type"}
    (name,) = (
        spec.__name__
        for spec in get_args(get_args(AnyLayer)[0])
        if layer["type"] in get_args(spec.model_fields["type"].annotation)
    )
    with pytest.raises((ValueError, TypeError, NotImplementedError)):
        # Some arguments are looked at only when the layer is used.
        getattr(keras.layers, name)(**arguments)(np.zeros((1, 8, 8, 3), np.float32))


# Keras takes these without a word: a pool is not padded so, rows are cut off, nothing is flipped.
@pytest.mark.parametrize(
    "layer",
    [
        {"type": "max_pooling2d", "padding": "causal"},
        {"type": "zero_padding2d", "padding": -1},
        {"type": "random_flip", "mode": "diagonal"},
        {"type": "depthwise_conv2d", "kernel_size": 3, "strides": [1, 2]},
    ],
    ids=str,
)
def test_arguments_that_do_nothing_sensible_are_refused_too(layer: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Architecture.model_validate({"layers": [layer]})


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3), (64, 48, 3)])
@pytest.mark.parametrize("classes", [2, 10])
def test_presets_fit_images_of_any_size_and_any_number_of_classes(
    name: str, shape: tuple[int, int, int], classes: int
) -> None:
    architecture = PRESETS[name].build(shape, classes)
    if architecture.base is not None and shape[2] == 1:
        with pytest.raises(ImpossibleArchitecture, match="at least 32x32"):
            summarize(architecture, shape)
        return
    summary = summarize(architecture, shape)
    assert summary.output_shape == (classes,)
    # With a base it is slow to build, and for another number of classes the same but for its last layer.
    if architecture.base is None or classes == 10:
        assert_equal(summary, build_model(architecture, shape), name)


@pytest.mark.parametrize(
    ("name", "shape", "params"),
    [
        # The notebook's summary; LeCun et al. 1998 with all maps joined; arXiv 1512.03385 table 6 says 0.27 million.
        ("cnn", (28, 28, 1), 155_606),
        ("mlp", (28, 28, 1), 52_650),
        ("lenet5", (32, 32, 1), 61_706),
    ],
)
def test_presets_have_their_published_parameters(name: str, shape: tuple[int, int, int], params: int) -> None:
    assert summarize(PRESETS[name].build(shape, 10), shape).params == params


def test_resnet20_has_the_papers_depth_and_size() -> None:
    summary = summarize(PRESETS["resnet20"].build((32, 32, 3), 10), (32, 32, 3))
    deep = [layer for layer in summary.layers if layer.type in ("conv2d", "dense") and "shortcut" not in layer.name]
    assert len(deep) == 20
    assert round(summary.trainable_params / 1e6, 2) == 0.27


# Of alpha depend the numbers of filters, of the shape the paddings: neither of the other.
@pytest.mark.parametrize(
    ("alpha", "shape"),
    [
        *((alpha, (32, 32, 3)) for alpha in (ALPHAS[0], 1.0, ALPHAS[-1])),
        *((ALPHAS[0], shape) for shape in ((33, 47, 3), (96, 96, 3))),
    ],
)
def test_mobilenet_v2_is_keras_own_layer_by_layer(alpha: float, shape: tuple[int, int, int]) -> None:
    theirs = keras.applications.MobileNetV2(input_shape=shape, alpha=alpha, include_top=False, weights=None)
    assert_same_network(MobileNetV2(alpha=alpha, weights=None, trainable=True), theirs, shape)


def test_resnet50_v2_is_keras_own_layer_by_layer() -> None:
    shape = (40, 64, 3)
    theirs = keras.applications.ResNet50V2(input_shape=shape, include_top=False, weights=None)
    assert_same_network(ResNet50V2(weights=None, trainable=True), theirs, shape)


def assert_same_network(base: Any, theirs: keras.Model, shape: tuple[int, int, int]) -> None:
    from cnnservice.nn.pretrained import take_weights

    architecture = Architecture(base=base, layers=(Flatten(name="head"),))
    mine = build_model(architecture, shape)
    summary = summarize(architecture, shape)
    weighted = [layer.name for layer in theirs.layers if layer.weights]
    assert {layer.name for layer in summary.layers if layer.params} == set(weighted)
    assert summary.params == theirs.count_params()
    take_weights(mine, theirs)
    images = np.random.default_rng(0).normal(size=(2, *shape)).astype(np.float32)
    np.testing.assert_allclose(
        np.asarray(mine(images, training=False)),
        np.asarray(theirs(images, training=False)).reshape(2, -1),
        rtol=1e-4,
        atol=1e-5,
    )
