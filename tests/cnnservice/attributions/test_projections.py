"""Deconvnet and guided backpropagation against loops in NumPy, on a network of two convolutions and max-pooling."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from cnnservice.attributions.deconvnet import Deconvnet
from cnnservice.attributions.gradient import Gradient
from cnnservice.attributions.guided_backprop import GuidedBackprop

from .conftest import Array, Explained, network_of

LAYERS = [
    {"type": "conv2d", "name": "one", "filters": 3, "kernel_size": 3, "activation": "relu"},
    {"type": "max_pooling2d", "name": "pool", "pool_size": 2},
    {"type": "conv2d", "name": "two", "filters": 4, "kernel_size": 2},
    {"type": "activation", "name": "relu", "activation": "relu"},
    {"type": "flatten"},
    {"type": "dense", "name": "out", "units": 3, "activation": "softmax"},
]
IMAGE = np.random.default_rng(3).uniform(-1, 1, (10, 10, 2)).astype(np.float32)
# What a ReLU hands back of a signal, given its own input.
BACK: dict[type[Deconvnet] | type[GuidedBackprop], Callable[[Array, Array], Array]] = {
    Deconvnet: lambda signal, _: np.maximum(signal, 0),
    GuidedBackprop: lambda signal, before: np.maximum(signal, 0) * (before > 0),
}


@pytest.fixture(scope="module")
def made() -> Explained:
    return network_of((10, 10, 2), LAYERS)


def convolve(image: Array, kernel: Array, bias: Array) -> Array:
    side = kernel.shape[0]
    rows, cols = image.shape[0] - side + 1, image.shape[1] - side + 1
    return np.array(
        [
            [np.tensordot(image[r : r + side, c : c + side], kernel, axes=3) + bias for c in range(cols)]
            for r in range(rows)
        ]
    )


def transpose_convolve(signal: Array, kernel: Array) -> Array:
    side = kernel.shape[0]
    back = np.zeros((signal.shape[0] + side - 1, signal.shape[1] + side - 1, kernel.shape[2]))
    for r, c in np.ndindex(signal.shape[:2]):
        back[r : r + side, c : c + side] += kernel @ signal[r, c]
    return back


def pool(maps: Array) -> tuple[Array, Array]:
    """Maxima of 2 x 2, and the switches: the places they had."""
    rows, cols, filters = maps.shape[0] // 2, maps.shape[1] // 2, maps.shape[2]
    maxima, switches = np.zeros((rows, cols, filters)), np.zeros((rows, cols, filters, 2), int)
    for r, c, k in np.ndindex(maxima.shape):
        block = maps[2 * r : 2 * r + 2, 2 * c : 2 * c + 2, k]
        place = np.unravel_index(block.argmax(), block.shape)
        maxima[r, c, k], switches[r, c, k] = block[place], (2 * r + place[0], 2 * c + place[1])
    return maxima, switches


def unpool(signal: Array, switches: Array, shape: tuple[int, ...]) -> Array:
    back = np.zeros(shape)
    for r, c, k in np.ndindex(signal.shape):
        back[(*switches[r, c, k], k)] += signal[r, c, k]
    return back


class ByHand:
    """The same network in NumPy, forth and back."""

    def __init__(self, made: Explained, back: Callable[[Array, Array], Array]) -> None:
        weights = [np.asarray(variable, np.float64) for variable in made.model.weights]
        self.kernel1, bias1, self.kernel2, bias2, self.dense, _ = weights
        self.back = back
        self.before1 = convolve(IMAGE.astype(np.float64), self.kernel1, bias1)
        self.pooled, self.switches = pool(np.maximum(self.before1, 0))
        self.before2 = convolve(self.pooled, self.kernel2, bias2)
        self.after2 = np.maximum(self.before2, 0)

    def from_class(self, target: int) -> Array:
        return self.from_after2(self.dense[:, target].reshape(self.after2.shape))

    def from_after2(self, signal: Array) -> Array:
        return self.from_pooled(transpose_convolve(self.back(signal, self.before2), self.kernel2))

    def from_pooled(self, signal: Array) -> Array:
        unpooled = unpool(signal, self.switches, self.before1.shape)
        return transpose_convolve(self.back(unpooled, self.before1), self.kernel1)


@pytest.mark.parametrize("method", [Deconvnet, GuidedBackprop])
def test_a_class_sent_back(made: Explained, method: type[Deconvnet] | type[GuidedBackprop]) -> None:
    by_hand = ByHand(made, BACK[method])
    for target in range(3):
        found = method().attribute(made.network, IMAGE, target).values
        np.testing.assert_allclose(found, by_hand.from_class(target), atol=1e-4)
        assert not np.allclose(found, Gradient().attribute(made.network, IMAGE, target).values, atol=1e-2)


@pytest.mark.parametrize("method", [Deconvnet, GuidedBackprop])
def test_a_filters_strongest_activation_sent_back(
    made: Explained, method: type[Deconvnet] | type[GuidedBackprop]
) -> None:
    by_hand, seen = ByHand(made, BACK[method]), 0
    for filter_index in range(4):
        alone = np.zeros_like(by_hand.after2)
        place = np.unravel_index(by_hand.after2[..., filter_index].argmax(), by_hand.after2.shape[:2])
        alone[(*place, filter_index)] = by_hand.after2[(*place, filter_index)]
        found = method(layer="relu", filter=filter_index).attribute(made.network, IMAGE, 0).values
        np.testing.assert_allclose(found, by_hand.from_after2(alone), atol=1e-4)
        seen += found.any()
    assert seen >= 3, "a filter that says nothing has nothing to send back; most say something"


@pytest.mark.parametrize("method", [Deconvnet, GuidedBackprop])
def test_a_filters_whole_map_sent_back(made: Explained, method: type[Deconvnet] | type[GuidedBackprop]) -> None:
    by_hand = ByHand(made, BACK[method])
    for filter_index in range(3):
        alone = np.zeros_like(by_hand.pooled)
        alone[..., filter_index] = by_hand.pooled[..., filter_index]
        found = method(layer="pool", filter=filter_index, activation="map").attribute(made.network, IMAGE, 0).values
        np.testing.assert_allclose(found, by_hand.from_pooled(alone), atol=1e-4)


def test_they_differ_where_a_relu_was_shut(made: Explained) -> None:
    deconvnet, guided = (method().attribute(made.network, IMAGE, 0).values for method in (Deconvnet, GuidedBackprop))
    assert not np.allclose(deconvnet, guided, atol=1e-2)
