"""Attributions of one image against tf-keras-vis, library calls on the same weights, both warm."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import keras
import numpy as np
from tf_keras_vis.gradcam import Gradcam
from tf_keras_vis.saliency import Saliency
from tf_keras_vis.scorecam import Scorecam
from tf_keras_vis.utils.scores import CategoricalScore

from benchmarks.pairs import milliseconds, paired
from benchmarks.rows import Row
from cnnservice.attributions.registry import find_method
from cnnservice.nn.explained import ExplainedNetwork
from cnnservice.nn.inference import WarmModel
from cnnservice.specs.job import resolve

_SHAPE = (28, 28, 1)
_TARGET = 3


def rows() -> Iterator[Row]:
    """Of the notebook's network, the methods that both have."""
    architecture = resolve("cnn", _SHAPE, 10)
    model = WarmModel(architecture, _SHAPE)
    network = ExplainedNetwork(model, np.full(1, -1, np.float32))
    linear = keras.models.clone_model(model.keras_model)
    linear.set_weights(model.keras_model.get_weights())
    linear.layers[-1].activation = keras.activations.linear
    image, score = np.random.default_rng(0).uniform(-1, 1, _SHAPE).astype(np.float32), CategoricalScore(_TARGET)
    saliency, grad_cam, score_cam = Saliency(linear), Gradcam(linear), Scorecam(linear)
    theirs: dict[str, Callable[[], object]] = {
        "gradient": lambda: saliency(score, image[None]),
        "smoothgrad": lambda: saliency(score, image[None], smooth_samples=50, smooth_noise=0.15),
        "grad_cam": lambda: grad_cam(score, image[None], penultimate_layer="Conv2"),
        "score_cam": lambda: score_cam(score, image[None], penultimate_layer="Conv2", batch_size=64),
    }
    for name, call in theirs.items():
        method = find_method(name)()
        times = paired(lambda method=method: method.attribute(network, image, _TARGET), call, our_repeat=10)  # type: ignore[misc]
        yield Row(
            f"`{name}` of one image, library call",
            milliseconds(times.our_seconds),
            f"tf-keras-vis: {milliseconds(times.their_seconds)}",
            times.times_faster,
        )
