"""A network's probabilities and loss over many images."""

from __future__ import annotations

import keras
import numpy as np
from numpy.typing import NDArray

from cnnservice.nn.build import keras_object
from cnnservice.nn.inference import WarmModel
from cnnservice.specs.job import Compile

_BATCH = 256


def evaluate(
    model: WarmModel, compile_spec: Compile, images: NDArray[np.float32], labels: NDArray[np.float32]
) -> tuple[NDArray[np.float32], float]:
    """Probabilities (n, classes), and the loss as fit's validation counts it: the mean, and what regularizers add.

    images are (n, H, W, C) normalised, labels (n, classes) one-hot.
    """
    loss = keras.losses.get(keras_object(compile_spec.loss))
    pieces, total = [], 0.0
    for start in range(0, len(images), _BATCH):
        batch = slice(start, start + _BATCH)
        # The tensor itself: Keras notes on it what went into a last sigmoid or softmax, and takes the loss of that.
        outputs = model.keras_model(images[batch], training=False)
        total += float(keras.ops.mean(loss(labels[batch], outputs))) * len(images[batch])
        pieces.append(keras.ops.convert_to_numpy(model.probabilities(outputs)))
    penalty = sum(float(term) for term in model.keras_model.losses)
    return np.concatenate(pieces), total / len(images) + penalty
