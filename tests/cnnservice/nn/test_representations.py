"""A layer's outputs for many images, whatever batches they come in."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnservice.nn import batches
from cnnservice.nn.inference import WarmModel
from cnnservice.nn.representations import representation
from cnnservice.specs.architecture import Architecture

LAYERS = [
    {"type": "conv2d", "name": "Image", "filters": 4, "kernel_size": 3, "activation": "relu"},
    {"type": "dropout", "name": "Dropped", "rate": 0.5},
    {"type": "flatten", "name": "Flat"},
    {"type": "dense", "name": "Output", "units": 10, "activation": "softmax"},
]


@pytest.mark.parametrize("numbers", [1, 4000, 1 << 24])
@pytest.mark.parametrize("layer", ["Image", "Dropped", "Output"])
def test_they_are_keras_own_flattened(monkeypatch: pytest.MonkeyPatch, numbers: int, layer: str) -> None:
    monkeypatch.setattr(batches, "_NUMBERS", numbers)
    keras.utils.set_random_seed(0)
    model = WarmModel(Architecture.model_validate({"layers": LAYERS}), (8, 8, 1))
    images = np.random.default_rng(0).uniform(-1, 1, (300, 8, 8, 1)).astype(np.float32)
    until = keras.Model(model.keras_model.inputs, model.keras_model.get_layer(layer).output)
    told: list[int] = []
    outputs = representation(model, images, layer, progress=told.append)
    expected = until.predict(images, verbose=0).reshape(300, -1)
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    assert told[0] == 0
    assert told == sorted(told)
    assert max(told) < 300
