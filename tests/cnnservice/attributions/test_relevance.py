"""Relevance propagation by hand, and where theory says what it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cnnservice.attributions.gradient_input import GradientInput
from cnnservice.attributions.lrp_epsilon import LrpEpsilon

from .conftest import Array, network_of

DENSE = [
    {"type": "flatten"},
    {"type": "dense", "units": 5, "activation": "relu"},
    {"type": "dense", "units": 3, "activation": "softmax"},
]
BRANCHED: list[dict[str, Any]] = [
    {"type": "conv2d", "name": "a", "filters": 4, "kernel_size": 3, "padding": "same", "use_bias": False},
    {"type": "re_lu", "name": "a_relu"},
    {"type": "depthwise_conv2d", "name": "b", "kernel_size": 3, "padding": "same", "use_bias": False},
    {"type": "add", "name": "sum", "inputs": ["a_relu", "b"]},
    {"type": "max_pooling2d", "pool_size": 2},
    {"type": "average_pooling2d", "pool_size": 2},
    {"type": "flatten"},
    {"type": "dropout", "rate": 0.5},
    {"type": "dense", "units": 3, "use_bias": False, "activation": "sigmoid"},
]


def image(*shape: int, seed: int) -> Array:
    drawn: Array = np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
    return drawn


def stabilised(values: Array, epsilon: float) -> Array:
    return values + epsilon * np.where(values >= 0, 1, -1)


@pytest.mark.parametrize("epsilon", [0.01, 0.5])
def test_two_dense_layers_by_hand(epsilon: float) -> None:
    made, at = network_of((2, 3, 1), DENSE), image(2, 3, 1, seed=1)
    kernel1, bias1, kernel2, bias2 = (np.asarray(variable, np.float64) for variable in made.model.weights)
    pixels = at.reshape(-1).astype(np.float64)
    before1 = pixels @ kernel1 + bias1
    hidden = np.maximum(before1, 0)
    scores = hidden @ kernel2 + bias2
    for target in range(3):
        at_hidden = hidden * kernel2[:, target] * scores[target] / stabilised(scores[target], epsilon)
        expected = pixels * (kernel1 @ (at_hidden / stabilised(before1, epsilon)))
        found = LrpEpsilon(epsilon=epsilon).attribute(made.network, at, target)
        np.testing.assert_allclose(found.values.reshape(-1), expected, rtol=1e-3, atol=1e-5)
        assert float(found.details["absorbed"]) == pytest.approx(scores[target] - expected.sum(), abs=1e-4)


def test_with_relus_and_no_biases_and_hardly_any_epsilon_it_is_gradient_times_input() -> None:
    """Ancona et al., arXiv 1711.06104, proposition 1."""
    network = network_of((8, 8, 2), BRANCHED, seed=2).network
    for seed in range(3):
        at = image(8, 8, 2, seed=seed)
        for target in range(3):
            found = LrpEpsilon(epsilon=1e-6).attribute(network, at, target).values
            expected = GradientInput().attribute(network, at, target).values
            np.testing.assert_allclose(found, expected, rtol=1e-2, atol=2e-3)


def test_of_the_score_nothing_is_lost_without_biases() -> None:
    network, at = network_of((8, 8, 2), BRANCHED, seed=2).network, image(8, 8, 2, seed=9)
    found = LrpEpsilon(epsilon=1e-6).attribute(network, at, 0)
    assert found.values.sum() == pytest.approx(network.scores(at[None])[0, 0], rel=1e-3)
