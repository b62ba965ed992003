"""A process that trains, and prints what each epoch after the first took: `python -m benchmarks.training_child KIND`.

notebook       Keras' fit as the notebook calls it, with its two callbacks that keep the weights of Conv1 and Conv2
in-order FILE  the same network by plain Keras in the order of samples that the service promises; its weights to FILE
bare SPEC      the service's own training of a spec, with nothing stored
product        no training: what a thousand million operations take in a product of large matrices
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf

from cnnservice.datasets.arrays import open_arrays
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.preprocessing import Normalizer, one_hot
from cnnservice.nn.runtime import configure
from cnnservice.nn.training import Samples, State, train
from cnnservice.specs.job import JobSpec

EPOCHS = 5


def main() -> None:
    """Train as asked for."""
    kind, *rest = sys.argv[1:]
    kinds: dict[str, Callable[..., list[float]]] = {
        "notebook": notebook,
        "in-order": in_order,
        "bare": bare,
        "product": product,
    }
    print(json.dumps(kinds[kind](*rest)))


def notebook() -> list[float]:
    """Keras' fit with its own shuffling, and a copy of the weights of two layers after each epoch."""
    keras.utils.set_random_seed(0)
    model, samples, clock = _network(), _samples(6000, 1000), _Clock()
    kept: dict[str, list[Any]] = {"Conv1": [], "Conv2": []}

    def keep(layer: str) -> keras.callbacks.Callback:
        return keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: kept[layer].append(model.get_layer(layer).get_weights())  # noqa: ARG005
        )

    model.fit(
        samples.x_train,
        samples.y_train,
        batch_size=64,
        epochs=EPOCHS,
        validation_data=(samples.x_test, samples.y_test),
        callbacks=[keep("Conv1"), keep("Conv2"), clock],
        verbose=0,
    )
    return clock.epochs


def in_order(file: str) -> list[float]:
    """What the service's weights must be."""
    tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(0)
    model, samples, clock = _network(), _samples(6000, 1000), _Clock()
    for epoch in range(1, EPOCHS + 1):
        order = np.random.default_rng((0, epoch)).permutation(6000)
        batches = samples.x_train[order], samples.y_train[order]
        model.fit(*batches, batch_size=64, shuffle=False, callbacks=[clock], verbose=0)
    arrays = {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}
    np.savez(file, **arrays)
    return clock.epochs


def bare(spec: str) -> list[float]:
    """The service's own training, whose epochs go nowhere."""
    configure()
    job, clock = JobSpec.model_validate_json(spec), _Clock()
    train(job, _samples(job.train_samples, job.test_samples), clock)
    return clock.epochs


def product() -> list[float]:
    """As fast as this machine multiplies and adds: TensorFlow's product of matrices on all cores."""
    side = 1024
    matrix = tf.random.normal((side, side))
    times = []
    for _ in range(20):
        began = time.perf_counter()
        tf.linalg.matmul(matrix, matrix).numpy()
        times.append((time.perf_counter() - began) / (2 * side**3 / 1e9))
    return times


class _Clock(keras.callbacks.Callback):  # type: ignore[misc]
    """Notes when epochs end, for Keras and for the service's training."""

    def __init__(self) -> None:
        super().__init__()
        self._ends: list[float] = []

    @property
    def epochs(self) -> list[float]:
        """Seconds from each epoch's end to the next one's: without the first, in which TensorFlow builds its graph."""
        return [later - earlier for earlier, later in pairwise(self._ends)]

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._ends.append(time.perf_counter())

    def should_stop(self) -> bool:
        return False

    def batch_ended(self, *_: object) -> None:
        pass

    def epoch_ended(self, epoch: int, _state: State, _metrics: dict[str, float], _seconds: float) -> None:
        if epoch > 0:
            self._ends.append(time.perf_counter())


def _samples(train_count: int, test_count: int) -> Samples:
    arrays = open_arrays(MNIST, Path("nowhere"), train_samples=train_count, test_samples=test_count)
    scale = Normalizer("minus_one_one").apply
    (x, y), (x_test, y_test) = ((scale(arrays.images(s)), one_hot(arrays.labels(s), 10)) for s in ("train", "test"))
    return Samples(x, y, x_test, y_test)


def _network() -> keras.Model:
    """The notebook's, in Keras' own words."""
    layers, start = keras.layers, "random_uniform"
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, activation="relu", kernel_initializer=start, name="Conv1"),
            layers.MaxPooling2D(2, strides=2),
            layers.Conv2D(64, 5, activation="relu", kernel_initializer=start, name="Conv2"),
            layers.MaxPooling2D(2, strides=2),
            layers.Flatten(),
            layers.Dense(100, activation="relu", kernel_initializer=start, name="FC1"),
            layers.Dense(10, activation="sigmoid", kernel_initializer=start, name="FC2"),
        ]
    )
    model.compile("sgd", "categorical_crossentropy", metrics=["categorical_accuracy"])
    return model


if __name__ == "__main__":
    main()
