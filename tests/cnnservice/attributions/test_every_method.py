"""What holds of all methods: on every kind of layer, on digits, and of what is said of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageFilter
from pydantic import ValidationError

from api.queries import AttributionQuery
from cnnservice.attributions.costs import check_cost
from cnnservice.attributions.deconvnet import Deconvnet
from cnnservice.attributions.grad_cam import GradCam
from cnnservice.attributions.layers import UnusableLayer
from cnnservice.attributions.registry import METHODS, UnknownMethod, find_method
from cnnservice.specs.architecture import summarize
from cnnservice.specs.errors import FilterOutOfRange, LimitExceeded
from cnnservice.specs.job import resolve

from .conftest import Array, Digits, explain, network_of

EVERYTHING: list[dict[str, Any]] = [
    {"type": "random_flip", "name": "flip"},
    {"type": "zero_padding2d", "name": "padded", "padding": 1},
    {"type": "conv2d", "name": "c1", "filters": 4, "kernel_size": 3, "activation": "gelu"},
    {"type": "batch_normalization", "name": "bn"},
    {"type": "leaky_re_lu", "name": "leaky"},
    {
        "type": "separable_conv2d",
        "name": "sep",
        "filters": 4,
        "kernel_size": 3,
        "padding": "same",
        "activation": "relu",
    },
    {"type": "depthwise_conv2d", "name": "dw", "kernel_size": 3, "padding": "same", "activation": "tanh"},
    {"type": "concatenate", "name": "cat", "inputs": ["sep", "dw"]},
    {"type": "spatial_dropout2d", "name": "drop", "rate": 0.2},
    {"type": "conv2d_transpose", "name": "up", "filters": 3, "kernel_size": 2, "strides": 2, "activation": "relu6"},
    {"type": "average_pooling2d", "name": "avg", "pool_size": 2},
    {"type": "up_sampling2d", "name": "larger", "size": 2},
    {"type": "max_pooling2d", "name": "max", "pool_size": 2},
    {"type": "layer_normalization", "name": "ln"},
    {"type": "reshape", "name": "line", "target_shape": [-1, 3]},
    {"type": "conv1d", "name": "c1d", "filters": 5, "kernel_size": 3, "activation": "elu"},
    {"type": "max_pooling1d", "name": "max1d", "pool_size": 2},
    {"type": "global_max_pooling1d", "name": "gmp"},
    {"type": "dense", "name": "hidden", "units": 6, "activation": "silu"},
    {"type": "dense", "name": "out", "units": 3},
    {"type": "activation", "name": "soft", "activation": "softmax"},
]


def image(*shape: int) -> Array:
    drawn: Array = np.random.default_rng(6).uniform(-1, 1, shape).astype(np.float32)
    return drawn


@pytest.fixture(scope="module")
def zoo() -> Any:
    return network_of((8, 9, 3), EVERYTHING)


def test_scores_are_what_goes_into_the_last_softmax(zoo: Any) -> None:
    scores = zoo.network.scores(image(8, 9, 3)[None])
    probabilities = zoo.model(image(8, 9, 3)[None], training=False).numpy()
    np.testing.assert_allclose(np.exp(scores) / np.exp(scores).sum(), probabilities, rtol=1e-4)


@pytest.mark.parametrize("name", METHODS)
def test_it_attributes_through_every_kind_of_layer(zoo: Any, name: str) -> None:
    found = METHODS[name]().attribute(zoo.network, image(8, 9, 3), 1)
    assert found.values.shape in ((8, 9, 3), (8, 9, 1))
    assert found.values.dtype == np.float32
    assert np.isfinite(found.values).all()
    assert found.values.any()


@pytest.mark.parametrize("name", ["guided_backprop", "layer_cam", "lrp_epsilon"])
def test_it_attributes_through_a_residual_network(name: str) -> None:
    """Those that walk through the network in ways of their own."""
    network = explain(resolve("resnet20", (32, 32, 3), 10), (32, 32, 3)).network
    found = METHODS[name]().attribute(network, image(32, 32, 3), 4)
    assert np.isfinite(found.values).all()
    assert found.values.any()


@pytest.mark.parametrize("name", METHODS)
def test_its_maps_lie_on_the_strokes(digits: Digits, name: str) -> None:
    """Of what a map has in all, strokes and a pixel around them have more than their share of the image."""
    method, shares = METHODS[name](), []
    for label in range(10):
        place = int(np.flatnonzero(digits.labels == label)[0])
        values = np.abs(method.attribute(digits.network, digits.images[place], label).values.sum(axis=-1))
        thick = Image.fromarray(digits.pixels[place, ..., 0]).filter(ImageFilter.MaxFilter(3))
        strokes = np.asarray(thick) > 64
        shares.append(values[strokes].sum() / values.sum() / strokes.mean())
    assert np.mean(shares) > 1.5, shares


@pytest.mark.parametrize("name", METHODS)
def test_it_says_what_it_is_and_when_to_trust_it(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    assert method.source.startswith(("arXiv ", "doi:10."))
    assert len(method.trust) > 80
    assert all(field.description for field in method.model_fields.values())


def test_no_parameter_of_a_method_has_the_name_of_a_common_one() -> None:
    common = {field.alias or name for name, field in AttributionQuery.model_fields.items()}
    own = {name for method in METHODS.values() for name in method.model_fields}
    assert not common & own


def test_an_unknown_method_is_told_what_there_is() -> None:
    with pytest.raises(UnknownMethod, match=r"'gradcam'; there are: gradient, .*grad_cam"):
        find_method("gradcam")


def test_a_network_without_maps_has_no_class_activation_map() -> None:
    summary = summarize(resolve("mlp", (28, 28, 1), 10), (28, 28, 1))
    with pytest.raises(UnusableLayer, match="no layer with any"):
        GradCam().check(summary)


def test_a_layer_that_cannot_be_used_is_told_those_that_can() -> None:
    summary = summarize(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    with pytest.raises(UnusableLayer, match=r"'FC1'; allowed .*: Conv1, MaxPool1, Conv2, MaxPool2"):
        GradCam(layer="FC1").check(summary)
    with pytest.raises(UnusableLayer, match="'Conv3'; the network's layers are Conv1"):
        Deconvnet(layer="Conv3", filter=0).check(summary)


def test_a_filter_is_one_of_its_layers() -> None:
    summary = summarize(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    Deconvnet(layer="Conv2", filter=63).check(summary)
    with pytest.raises(FilterOutOfRange, match=r"filter is 64; of layer 'Conv2' 0\.\.63 is allowed"):
        Deconvnet(layer="Conv2", filter=64).check(summary)


def test_a_filter_needs_its_layer_and_a_layer_its_filter() -> None:
    for half in ({"layer": "Conv1"}, {"filter": 3}):
        with pytest.raises(ValidationError, match="layer and filter go together"):
            Deconvnet.model_validate(half)


def test_what_a_method_costs_is_told_before_it_is_paid() -> None:
    summary = summarize(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    passes = {name: METHODS[name]().passes(summary) for name in ("gradient", "smoothgrad", "integrated_gradients")}
    assert passes == {"gradient": 1, "smoothgrad": 50, "integrated_gradients": 66}
    assert METHODS["occlusion"]().passes(summary) == 1 + 28 * 28
    assert METHODS["occlusion"].model_validate({"stride": 5}).passes(summary) == 1 + 6 * 6
    smooth = METHODS["smoothgrad"]()
    check_cost(smooth, summary, 50 * summary.operations)
    with pytest.raises(LimitExceeded, match=r"smoothgrad, 50 images .* CNNSERVICE_MAX_ATTRIBUTION_OPERATIONS"):
        check_cost(smooth, summary, 50 * summary.operations - 1)
