"""How much channels ever say, whatever batches the images come in."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnservice.nn import batches
from cnnservice.nn.activity import greatest_activity
from cnnservice.nn.inference import WarmModel
from cnnservice.specs.architecture import Architecture

LAYERS = [
    {"type": "conv2d", "name": "Image", "filters": 4, "kernel_size": 3},
    {"type": "reshape", "name": "Steps", "target_shape": [-1, 4]},
    {"type": "conv1d", "name": "Sequence", "filters": 3, "kernel_size": 5, "activation": "relu"},
    {"type": "reshape", "name": "Volume", "target_shape": [4, 4, 2, 3]},
    {"type": "conv3d", "name": "Volumes", "filters": 2, "kernel_size": 2, "activation": "tanh"},
    {"type": "flatten", "name": "Flat"},
    {"type": "dense", "name": "Output", "units": 10, "activation": "softmax"},
]


@pytest.mark.parametrize("numbers", [1, 4000, 1 << 24])
def test_the_greatest_activity_is_keras_own_over_all_images_and_positions(
    monkeypatch: pytest.MonkeyPatch, numbers: int
) -> None:
    keras.utils.set_random_seed(0)
    model = WarmModel(Architecture.model_validate({"layers": LAYERS}), (8, 8, 1))
    images = np.random.default_rng(0).uniform(-1, 1, (300, 8, 8, 1)).astype(np.float32)
    names = ["Image", "Sequence", "Volumes", "Output"]
    whole = keras.Model(model.keras_model.inputs, [model.keras_model.get_layer(name).output for name in names])
    monkeypatch.setattr(batches, "_NUMBERS", numbers)
    told = greatest_activity(model, images, names)
    assert list(told) == names
    for name, output in zip(names, whole.predict(images, verbose=0), strict=True):
        by_hand = [
            max(abs(output[..., channel].min()), output[..., channel].max()) for channel in range(output.shape[-1])
        ]
        np.testing.assert_allclose(told[name], by_hand, rtol=1e-5)


def test_what_is_no_number_is_not_silence() -> None:
    model = WarmModel(Architecture.model_validate({"layers": LAYERS}), (8, 8, 1))
    images = np.zeros((3, 8, 8, 1), np.float32)
    images[1, 4, 4] = np.nan
    assert np.isnan(greatest_activity(model, images, ["Image"])["Image"]).all()
