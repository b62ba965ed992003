"""What gradients are, by finite differences and by Keras' own tape; and the methods made of them, by hand."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.utils.scores import CategoricalScore

from cnnservice.attributions.gradient import Gradient
from cnnservice.attributions.gradient_input import GradientInput
from cnnservice.attributions.integrated_gradients import IntegratedGradients
from cnnservice.attributions.smoothgrad import SmoothGrad

from .conftest import Array, Digits, network_of

SMOOTH = [
    {"type": "conv2d", "filters": 3, "kernel_size": 3, "activation": "tanh"},
    {"type": "flatten"},
    {"type": "dense", "units": 4, "activation": "softmax"},
]
WITHOUT_BIASES: list[dict[str, Any]] = [
    {"type": "conv2d", "filters": 4, "kernel_size": 3, "activation": "relu", "use_bias": False},
    {"type": "max_pooling2d", "pool_size": 2},
    {"type": "flatten"},
    {"type": "dense", "units": 6, "activation": "relu", "use_bias": False},
    {"type": "dense", "units": 3, "activation": "sigmoid", "use_bias": False},
]


def image(*shape: int, seed: int = 1) -> Array:
    drawn: Array = np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
    return drawn


def tape_gradient(model: keras.Model, images: Array, target: int) -> Array:
    inputs = tf.constant(images)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        score = model(inputs)[:, target]
    gradient: Array = tape.gradient(score, inputs).numpy()
    return gradient


def test_the_gradient_is_what_finite_differences_say() -> None:
    network, at, step = network_of((5, 6, 2), SMOOTH, spread=0.3).network, image(5, 6, 2), 0.02
    for target in range(4):
        nudges = np.eye(at.size, dtype=np.float32).reshape(-1, *at.shape) * step
        up, down = network.scores(at + nudges)[:, target], network.scores(at - nudges)[:, target]
        differences = ((up - down) / (2 * step)).reshape(at.shape)
        np.testing.assert_allclose(Gradient().attribute(network, at, target).values, differences, atol=2e-3)
        assert np.abs(differences).max() > 0.1


def test_the_gradient_of_a_trained_network_is_that_of_kerass_tape_and_of_tf_keras_vis(digits: Digits) -> None:
    for place in range(5):
        one, target = digits.images[place], int(digits.labels[place])
        found = Gradient().attribute(digits.network, one, target).values
        np.testing.assert_allclose(found, tape_gradient(digits.linear, one[None], target)[0], rtol=1e-3, atol=1e-5)
        theirs = Saliency(digits.linear)(CategoricalScore(target), one[None], normalize_map=False)[0]
        np.testing.assert_allclose(np.abs(found).max(axis=-1), theirs, rtol=1e-3, atol=1e-5)


def test_gradient_times_input_adds_up_to_the_score_where_there_are_no_biases() -> None:
    network = network_of((8, 8, 1), WITHOUT_BIASES).network
    for seed in range(5):
        at = image(8, 8, 1, seed=seed)
        for target in range(3):
            score = network.scores(at[None])[0, target]
            assert GradientInput().attribute(network, at, target).values.sum() == pytest.approx(score, abs=1e-4)


def test_smoothgrad_is_the_mean_of_kerass_gradients_of_noisy_copies(digits: Digits) -> None:
    one = digits.images[3]
    # Of the range from -1 to 1.
    noise = np.random.default_rng(7).normal(0, 1, (20, 28, 28, 1)) * (0.1 * 2)
    expected = tape_gradient(digits.linear, (one + noise).astype(np.float32), 0).mean(axis=0)
    found = SmoothGrad(samples=20, noise=0.1, seed=7).attribute(digits.network, one, 0).values
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-5)


def test_smoothgrad_without_noise_is_the_gradient(digits: Digits) -> None:
    one = digits.images[0]
    smooth = SmoothGrad(samples=3, noise=0).attribute(digits.network, one, 7).values
    np.testing.assert_allclose(smooth, Gradient().attribute(digits.network, one, 7).values, rtol=1e-4, atol=1e-6)


def test_integrated_gradients_of_a_linear_network_are_its_weights_times_the_way_from_the_baseline() -> None:
    made = network_of((3, 4, 2), [{"type": "flatten"}, {"type": "dense", "units": 3}])
    at, kernel = image(3, 4, 2), np.asarray(made.model.weights[0])
    mean = at.mean(axis=(0, 1))
    for target in range(3):
        weights = kernel[:, target].reshape(at.shape)
        from_background = IntegratedGradients(steps=1).attribute(made.network, at, target)
        np.testing.assert_allclose(from_background.values, weights * at, atol=1e-5)
        from_mean = IntegratedGradients(baseline="mean").attribute(made.network, at, target)
        np.testing.assert_allclose(from_mean.values, weights * (at - mean), atol=1e-5)


def test_integrated_gradients_are_complete_within_a_hundredth(digits: Digits) -> None:
    nothing = np.full_like(digits.images[0], -1)
    for place in range(20):
        one, target = digits.images[place], int(digits.labels[place])
        found = IntegratedGradients().attribute(digits.network, one, target)
        at_image, at_nothing = digits.linear(np.stack([one, nothing])).numpy()[:, target]
        gap = at_image - at_nothing - found.values.sum(dtype=np.float64)
        assert abs(gap) < 0.01 * abs(at_image - at_nothing), place
        assert float(found.details["completeness_gap"]) == pytest.approx(gap, abs=1e-3)


def test_one_step_leaves_a_gap_and_says_so(digits: Digits) -> None:
    one, target = digits.images[0], int(digits.labels[0])
    gaps = [
        abs(float(IntegratedGradients(steps=steps).attribute(digits.network, one, target).details["completeness_gap"]))
        for steps in (1, 256)
    ]
    assert gaps[0] > 20 * gaps[1]
