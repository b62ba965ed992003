"""The images that most activate filters, against all of Keras' own outputs sorted by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnservice.nn import batches
from cnnservice.nn.inference import WarmModel
from cnnservice.nn.top_activations import top_activations
from cnnservice.specs.architecture import Architecture

LAYERS = [
    {"type": "conv2d", "name": "Image", "filters": 4, "kernel_size": 3, "activation": "relu"},
    {"type": "reshape", "name": "Steps", "target_shape": [-1, 4]},
    {"type": "conv1d", "name": "Sequence", "filters": 3, "kernel_size": 5},
    {"type": "flatten", "name": "Flat"},
    {"type": "dense", "name": "Output", "units": 10, "activation": "softmax"},
]


@pytest.fixture
def model() -> WarmModel:
    keras.utils.set_random_seed(0)
    return WarmModel(Architecture.model_validate({"layers": LAYERS}), (8, 8, 1))


IMAGES = np.random.default_rng(0).uniform(-1, 1, (130, 8, 8, 1)).astype(np.float32)


@pytest.mark.parametrize("numbers", [1, 4000, 1 << 24])
@pytest.mark.parametrize("layer", ["Image", "Sequence", "Output"])
def test_they_are_those_of_keras_own_outputs(
    monkeypatch: pytest.MonkeyPatch, model: WarmModel, layer: str, numbers: int
) -> None:
    monkeypatch.setattr(batches, "_NUMBERS", numbers)
    told = top_activations(model, layer, IMAGES, 5)
    whole = keras.Model(model.keras_model.inputs, model.keras_model.get_layer(layer).output)
    outputs = whole.predict(IMAGES, verbose=0)
    sides = outputs.shape[1:-1]
    assert told.positions.shape == (outputs.shape[-1], 5, len(sides))
    for channel in range(outputs.shape[-1]):
        maps = outputs[..., channel].reshape(len(IMAGES), -1)
        order = sorted(range(len(IMAGES)), key=lambda image: -maps[image].max())[:5]
        assert told.images[channel].tolist() == order
        np.testing.assert_allclose(told.values[channel], maps[order].max(axis=1), rtol=1e-5)
        where = [list(np.unravel_index(maps[image].argmax(), sides)) if sides else [] for image in order]
        assert told.positions[channel].tolist() == where


def test_of_equals_the_first_come_first_at_their_first_place(model: WarmModel) -> None:
    same = np.repeat(IMAGES[:1], 300, axis=0)
    model.keras_model.get_layer("Image").kernel.assign(np.zeros((3, 3, 1, 4)))
    told = top_activations(model, "Image", same, 4)
    assert told.images.tolist() == [[0, 1, 2, 3]] * 4
    assert not told.positions.any()


def test_of_fewer_images_than_asked_for_all_are_told(model: WarmModel) -> None:
    told = top_activations(model, "Output", IMAGES[:3], 9)
    assert told.values.shape == (10, 3)
    assert sorted(told.images[0].tolist()) == [0, 1, 2]


def test_what_is_no_number_is_least(model: WarmModel) -> None:
    images = IMAGES[:4].copy()
    images[1] = np.nan
    told = top_activations(model, "Image", images, 4)
    assert (told.images[:, -1] == 1).all()
    assert np.isfinite(told.values[:, :3]).all()


def test_progress_is_told_of_every_batch(monkeypatch: pytest.MonkeyPatch, model: WarmModel) -> None:
    monkeypatch.setattr(batches, "_NUMBERS", 50 * model.numbers_up_to("Image"))
    told: list[tuple[int, int]] = []
    top_activations(model, "Image", IMAGES, 2, lambda done, total: told.append((done, total)))
    assert told == [(50, 130), (100, 130), (130, 130)]
