"""Networks to explain: one trained for real, and small ones with random weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.datasets.arrays import open_arrays
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.preprocessing import Normalizer, one_hot
from cnnservice.nn.explained import ExplainedNetwork
from cnnservice.nn.inference import WarmModel
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.job import resolve

Array = NDArray[Any]


@dataclass(frozen=True)
class Explained:
    """A network as the methods see it, and the same as Keras has it, with its last activation taken away."""

    network: ExplainedNetwork
    model: keras.Model

    @property
    def linear(self) -> keras.Model:
        """A copy that ends with the scores."""
        copy = keras.models.clone_model(self.model)
        copy.set_weights(self.model.get_weights())
        copy.layers[-1].activation = keras.activations.linear
        return copy


@dataclass(frozen=True)
class Digits(Explained):
    """A network trained on digits, and the digits it is tested with: images as pixels and normalised, and labels."""

    pixels: Array
    images: Array
    labels: Array


def explain(architecture: Architecture, shape: tuple[int, ...], background: float = -1.0) -> Explained:
    """A network with the weights that its layers begin with."""
    model = WarmModel(architecture, shape)
    colour = np.full(shape[-1:], background, np.float32)
    return Explained(ExplainedNetwork(model, colour), model.keras_model)


def network_of(
    shape: tuple[int, ...], layers: Sequence[dict[str, Any]], seed: int = 0, spread: float = 0.5
) -> Explained:
    """A small network all of whose weights, biases among them, are random, and large enough to matter."""
    made = explain(Architecture.model_validate({"layers": layers}), shape, background=0.0)
    random = np.random.default_rng(seed)
    for variable in made.model.weights:
        positive = variable.name in ("moving_variance", "gamma")
        values = random.normal(0, spread, variable.shape)
        variable.assign(np.abs(values) + 0.5 if positive else values)
    return made


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    """The notebook's network after 4 epochs on 3000 digits, with a rate at which that suffices."""
    arrays = open_arrays(MNIST, tmp_path_factory.mktemp("none"), train_samples=3000, test_samples=200)
    scale = Normalizer("minus_one_one").apply
    keras.utils.set_random_seed(0)
    made = explain(resolve("cnn", MNIST.shape, 10), MNIST.shape)
    made.model.compile(loss="categorical_crossentropy", optimizer=keras.optimizers.SGD(0.1, momentum=0.5))
    made.model.fit(
        scale(arrays.images("train")), one_hot(arrays.labels("train"), 10), batch_size=64, epochs=4, verbose=0
    )
    pixels = arrays.images("test")
    trained = Digits(made.network, made.model, pixels, scale(pixels), arrays.labels("test"))
    assert (trained.network.scores(trained.images).argmax(axis=1) == trained.labels).mean() > 0.93
    return trained
