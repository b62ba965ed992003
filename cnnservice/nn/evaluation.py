"""A network's outputs and loss over many images."""

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
    """Outputs (n, classes), and the loss as fit's validation counts it: the mean, and what regularizers add.

    images are (n, H, W, C) normalised, labels (n, classes) one-hot.
    """
    last = model.names[-1]
    pieces = [model.run(images[start : start + _BATCH]).feature_maps[last] for start in range(0, len(images), _BATCH)]
    outputs = np.concatenate(pieces)
    loss = keras.losses.get(keras_object(compile_spec.loss))
    penalty = sum(float(term) for term in model.keras_model.losses)
    return outputs, float(np.mean(keras.ops.convert_to_numpy(loss(labels, outputs)))) + penalty
