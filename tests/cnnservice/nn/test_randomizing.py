"""Weights at random anew: as initializers draw them, by the seed alone; and random labels, learned by heart."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from cnnservice.nn.build import build_model
from cnnservice.nn.memorizing import KNOWN_BY_HEART, memorize
from cnnservice.nn.randomizing import layers_from_the_top, randomize
from cnnservice.nn.training import Samples
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.job import resolve

LAYERS: list[dict[str, Any]] = [
    {"type": "conv2d", "name": "conv", "filters": 8, "kernel_size": 5, "kernel_initializer": "random_uniform"},
    {"type": "batch_normalization", "name": "bn"},
    {"type": "separable_conv2d", "name": "sep", "filters": 4, "kernel_size": 3},
    {"type": "depthwise_conv2d", "name": "dw", "kernel_size": 3},
    {"type": "layer_normalization", "name": "ln"},
    {"type": "flatten"},
    {"type": "dense", "name": "out", "units": 3},
]


def model() -> keras.Model:
    return build_model(Architecture.model_validate({"layers": LAYERS}), (14, 14, 2))


def test_every_kind_of_weight_is_drawn_as_its_initializer_draws_it() -> None:
    made = model()
    for layer in made.layers:
        layer.set_weights([np.full(weight.shape, 7.0) for weight in layer.weights])
        randomize(layer, 5)
    values = {weight.path.split("/", 1)[-1]: np.asarray(weight) for weight in made.weights}
    assert not any((value == 7).any() for value in values.values())
    by_name = {(layer.name, weight.name): np.asarray(weight) for layer in made.layers for weight in layer.weights}
    for name in (("conv", "bias"), ("bn", "beta"), ("bn", "moving_mean"), ("ln", "beta"), ("out", "bias")):
        assert (by_name[name] == 0).all(), name
    for name in (("bn", "gamma"), ("bn", "moving_variance"), ("ln", "gamma")):
        assert (by_name[name] == 1).all(), name
    conv = by_name["conv", "kernel"]
    assert 0.045 < np.abs(conv).max() <= 0.05, "random_uniform is between -0.05 and 0.05"
    assert abs(conv.std() - 0.05 / np.sqrt(3)) < 0.003


def test_the_seed_decides() -> None:
    one, other = model().layers[0], model().layers[0]
    randomize(one, 1)
    randomize(other, 1)
    np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])
    randomize(other, 2)
    assert abs(np.corrcoef(one.get_weights()[0].ravel(), other.get_weights()[0].ravel())[0, 1]) < 0.2


def test_layers_with_weights_are_named_from_the_last_one_down() -> None:
    assert [layer.name for layer in layers_from_the_top(model())] == ["out", "ln", "dw", "sep", "bn", "conv"]


def test_random_labels_are_learned_by_heart(samples: Samples) -> None:
    network = build_model(resolve("cnn", (28, 28, 1), 10), (28, 28, 1))
    told: list[tuple[int, float]] = []
    known, epochs = memorize(
        network,
        "categorical_crossentropy",
        samples.x_train[:64],
        samples.y_train[:64],
        epochs=200,
        seed=3,
        report=lambda epoch, known: told.append((epoch, known)),
    )
    assert known >= KNOWN_BY_HEART
    assert [epoch for epoch, _ in told] == list(range(1, epochs + 1))
    assert told[-1][1] >= KNOWN_BY_HEART > told[-2][1]
    # They are random: what was learned by heart says nothing about the digits themselves.
    right = (network(samples.x_test).numpy().argmax(axis=1) == samples.y_test.argmax(axis=1)).mean()
    assert right < 0.4


def test_it_ends_after_so_many_epochs_whatever_is_known(samples: Samples) -> None:
    network = build_model(resolve("mlp", (28, 28, 1), 10), (28, 28, 1))
    known, epochs = memorize(
        network, "categorical_crossentropy", samples.x_train, samples.y_train, epochs=1, seed=0, report=lambda *_: None
    )
    assert epochs == 1
    assert known < KNOWN_BY_HEART
