"""What is before an activation is what makes a layer's output, once it is applied."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from cnnservice.nn.build import build_model
from cnnservice.nn.pre_activation import before_activation
from cnnservice.specs.architecture import Architecture

WITH_ACTIVATION = [
    {"type": "conv2d", "filters": 3, "kernel_size": 3},
    {"type": "depthwise_conv2d", "kernel_size": 3},
    {"type": "separable_conv2d", "filters": 3, "kernel_size": 3},
    {"type": "conv2d_transpose", "filters": 3, "kernel_size": 3},
    {"type": "dense", "units": 3},
]
IMAGES = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 2)).astype(np.float32)


@pytest.mark.parametrize("layer", WITH_ACTIVATION, ids=lambda layer: layer["type"])
def test_the_activation_of_it_is_the_layers_output(layer: dict[str, object]) -> None:
    keras.utils.set_random_seed(0)
    said = {"layers": [{"type": "conv2d", "filters": 2, "kernel_size": 3}, layer | {"name": "L", "activation": "relu"}]}
    model = build_model(Architecture.model_validate(said), (8, 8, 2))
    before = tf.function(before_activation(model, "L"))(tf.constant(IMAGES)).numpy()
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
    model = build_model(Architecture.model_validate(said), (8, 8, 2))
    np.testing.assert_array_equal(before_activation(model, "First")(tf.constant(IMAGES)), IMAGES)


def test_of_a_layer_without_activation_it_is_the_output() -> None:
    said = {"layers": [{"type": "average_pooling2d", "name": "Pool"}]}
    model = build_model(Architecture.model_validate(said), (8, 8, 2))
    by_hand = IMAGES.reshape(4, 4, 2, 4, 2, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(before_activation(model, "Pool")(tf.constant(IMAGES)), by_hand, rtol=1e-5, atol=1e-6)
