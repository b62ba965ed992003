"""A network that knows random labels by heart. Sources: arXiv 1810.03292, section 3.2; arXiv 1611.03530."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from cnnservice.nn.build import keras_object
from cnnservice.nn.randomizing import layers_from_the_top, randomize
from cnnservice.specs.losses import Loss

# The paper's own: at least so many of the training images are then given their random labels.
KNOWN_BY_HEART = 0.95
_BATCH, _STEPS = 64, 32


def memorize(
    model: keras.Model,
    loss: Loss,
    images: NDArray[np.float32],
    labels: NDArray[np.float32],
    *,
    epochs: int,
    seed: int,
    report: Callable[[int, float], None],
) -> tuple[float, int]:
    """Train a network from random weights on images (n, H, W, C) and their labels (n, classes), permuted.

    By Adam, as plain SGD takes very long to learn what has no rule. Ends when KNOWN_BY_HEART of the labels are known,
    or after so many epochs; report is told of each, with the part that is known. Returns that part and the epochs.
    """
    permuted = labels[np.random.default_rng(seed).permutation(len(labels))]
    for number, layer in enumerate(layers_from_the_top(model)):
        randomize(layer, seed + number)
    model.compile(
        loss=keras_object(loss),
        optimizer=keras.optimizers.Adam(1e-3),
        metrics=["categorical_accuracy"],
        steps_per_execution=min(_STEPS, ceil(len(images) / _BATCH)),
    )
    pairs = tf.data.Dataset.from_tensor_slices((images, permuted))
    batches = pairs.shuffle(len(images), seed=seed, reshuffle_each_iteration=True).batch(_BATCH)
    learning = _Learning(report)
    model.fit(batches, epochs=epochs, callbacks=[learning], shuffle=False, verbose=0)
    known = model.evaluate(images, permuted, batch_size=_BATCH, verbose=0, return_dict=True)["categorical_accuracy"]
    return float(known), learning.epochs


class _Learning(keras.callbacks.Callback):  # type: ignore[misc]
    """Tells how far it is, and ends it."""

    def __init__(self, report: Callable[[int, float], None]) -> None:
        super().__init__()
        self._report, self.epochs = report, 0

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.epochs = epoch + 1
        # While the epoch went on; at its end it is rather more.
        known = float((logs or {})["categorical_accuracy"])
        self._report(self.epochs, known)
        if known >= KNOWN_BY_HEART:
            self.model.stop_training = True
