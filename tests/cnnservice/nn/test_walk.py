"""What is before an activation is what makes a layer's output, once it is applied."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnservice.nn.build import build_model
from cnnservice.nn.walk import walk
from cnnservice.specs.architecture import Architecture, nodes

WITH_ACTIVATION = [
    {"type": "conv2d", "filters": 3, "kernel_size": 3},
    {"type": "depthwise_conv2d", "kernel_size": 3},
    {"type": "separable_conv2d", "filters": 3, "kernel_size": 3},
    {"type": "conv2d_transpose", "filters": 3, "kernel_size": 3},
    {"type": "dense", "units": 3},
]
IMAGES = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 2)).astype(np.float32)


def before_activation(said: dict[str, object], layer: str) -> tuple[keras.Model, np.ndarray]:
    """The network, and what is before the layer's activation for IMAGES."""
    architecture = Architecture.model_validate(said)
    model = build_model(architecture, (8, 8, 2))
    graph = nodes(architecture, (8, 8, 2))
    compiled = tf.function(lambda images: walk(model, graph, images, until=layer).before[layer])
    return model, compiled(tf.constant(IMAGES)).numpy()


@pytest.mark.parametrize("layer", WITH_ACTIVATION, ids=lambda layer: layer["type"])
def test_the_activation_of_it_is_the_layers_output(layer: dict[str, object]) -> None:
    keras.utils.set_random_seed(0)
    said = {"layers": [{"type": "conv2d", "filters": 2, "kernel_size": 3}, layer | {"name": "L", "activation": "relu"}]}
    model, before = before_activation(said, "L")
    output = keras.Model(model.inputs, model.get_layer("L").output).predict(IMAGES, verbose=0)
    assert before.min() < 0
    np.testing.assert_allclose(np.maximum(before, 0), output, rtol=1e-5, atol=1e-6)
    # And the layer is left as it was.
    np.testing.assert_array_equal(model.get_layer("L").activation(tf.constant([-1.0, 2.0])), [0, 2])


@pytest.mark.parametrize(
    "layer", [{"type": "activation", "activation": "tanh"}, {"type": "relu"}, {"type": "leaky_relu"}], ids=str
)
def test_of_an_activation_that_is_the_first_layer_it_is_the_image(layer: dict[str, object]) -> None:
    said = {"layers": [layer | {"name": "First"}, {"type": "conv2d", "filters": 1, "kernel_size": 3}]}
    np.testing.assert_array_equal(before_activation(said, "First")[1], IMAGES)


def test_of_a_layer_without_activation_it_is_the_output() -> None:
    said = {"layers": [{"type": "average_pooling2d", "name": "Pool"}]}
    by_hand = IMAGES.reshape(4, 4, 2, 4, 2, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(before_activation(said, "Pool")[1], by_hand, rtol=1e-5, atol=1e-6)
