"""Layers that behave otherwise in training, and networks that have come from ImageNet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from cnnservice.nn.build import build_model
from cnnservice.nn.inference import WarmModel
from cnnservice.nn.pretrained import PretrainedNotFetched, take_pretrained, weights_file
from cnnservice.specs.applications.mobilenet_v2 import MobileNetV2
from cnnservice.specs.applications.resnet50_v2 import ResNet50V2
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.layers.dense import Dense
from cnnservice.specs.layers.global_pooling import GlobalAveragePooling2D

IMAGES = np.random.default_rng(1).uniform(-1, 1, (8, 12, 12, 3)).astype(np.float32)


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "random_flip"},
        {"type": "random_translation", "height_factor": 0.3, "width_factor": 0.3},
        {"type": "random_rotation", "factor": 0.2},
        {"type": "random_zoom", "height_factor": 0.4},
        {"type": "random_contrast", "factor": [0.5, 0.5]},
    ],
    ids=lambda layer: str(layer["type"]),
)
def test_augmentation_acts_in_training_only(layer: dict[str, Any]) -> None:
    model = build_model(Architecture.model_validate({"layers": [layer]}), (12, 12, 3))
    np.testing.assert_array_equal(np.asarray(model(IMAGES, training=False)), IMAGES)
    trained = np.asarray(model(IMAGES, training=True))
    assert not np.array_equal(trained, IMAGES)
    # Contrast is clipped to what normalisation makes of pixels, not to Keras' 0 to 255.
    assert trained.min() < -0.3
    warm = WarmModel(Architecture.model_validate({"layers": [layer]}), (12, 12, 3))
    (shown,) = warm.run(IMAGES).feature_maps.values()
    np.testing.assert_array_equal(shown, IMAGES)


def test_a_residual_network_shows_every_layer_and_its_logits() -> None:
    layers = [
        {"type": "conv2d", "name": "a", "filters": 3, "kernel_size": 3, "padding": "same", "activation": "relu"},
        {"type": "conv2d", "name": "b", "filters": 3, "kernel_size": 3, "padding": "same"},
        {"type": "add", "name": "sum", "inputs": ["b", "a", "input"]},
        {"type": "global_average_pooling2d", "name": "pool"},
        {"type": "dense", "name": "out", "units": 4},
        {"type": "activation", "name": "softmax", "activation": "softmax"},
    ]
    warm = WarmModel(Architecture.model_validate({"layers": layers}), (12, 12, 3))
    outputs = warm.run(IMAGES)
    maps = outputs.feature_maps
    assert list(maps) == ["a", "b", "sum", "pool", "out", "softmax"]
    np.testing.assert_allclose(maps["sum"], maps["a"] + maps["b"] + IMAGES, atol=1e-6)
    np.testing.assert_allclose(maps["pool"], maps["sum"].mean(axis=(1, 2)), atol=1e-5)
    assert outputs.logits is not None
    np.testing.assert_array_equal(outputs.logits, maps["out"])
    powers = np.exp(maps["out"] - maps["out"].max(axis=1, keepdims=True))
    np.testing.assert_allclose(maps["softmax"], powers / powers.sum(axis=1, keepdims=True), atol=1e-6)


def head(base: Any) -> Architecture:
    return Architecture(base=base, layers=(GlobalAveragePooling2D(), Dense(units=10, activation="softmax")))


@pytest.fixture
def keras_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Keras keeps what it fetches, for one test. It reads the variable once, when it is imported."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    "base", [MobileNetV2(alpha=0.35), pytest.param(ResNet50V2(), marks=pytest.mark.full)], ids=lambda base: base.name
)
def test_weights_that_cannot_be_had_are_refused_with_what_to_do(
    base: MobileNetV2 | ResNet50V2, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A server that refuses stands for a machine without a network, wherever this test runs.
    for module in ("mobilenet_v2.BASE_WEIGHT_PATH", "resnet.BASE_WEIGHTS_PATH"):
        monkeypatch.setattr(f"keras.src.applications.{module}", "http://127.0.0.1:9/")
    model = build_model(head(base), (32, 32, 3))
    with pytest.raises(PretrainedNotFetched) as refusal:
        take_pretrained(model, base)
    assert str(keras_home / "models") in refusal.value.detail
    assert weights_file(base, (32, 32, 3)) in refusal.value.detail
    assert "weights null" in refusal.value.detail


@pytest.mark.parametrize("side", [pytest.param(32, marks=pytest.mark.full), 96])
def test_a_file_of_weights_placed_by_hand_is_taken(keras_home: Path, side: int) -> None:
    base = MobileNetV2(alpha=0.35)
    trained = keras.applications.MobileNetV2(input_shape=(side, side, 3), alpha=0.35, include_top=False, weights=None)
    (keras_home / "models").mkdir()
    with h5py.File(keras_home / "models" / weights_file(base, (side, side, 3)), "w") as file:
        save_weights_to_hdf5_group(file, trained)
    model = build_model(head(base), (side, side, 3))
    take_pretrained(model, base)
    for layer in trained.layers:
        for mine, theirs in zip(
            model.get_layer(layer.name).weights if layer.weights else [], layer.weights, strict=True
        ):
            np.testing.assert_array_equal(np.asarray(mine), np.asarray(theirs))


def test_from_scratch_nothing_is_fetched(keras_home: Path) -> None:
    base = MobileNetV2(alpha=0.35, weights=None)
    model = build_model(head(base), (32, 32, 3))
    before = model.get_weights()
    take_pretrained(model, base)
    assert all(np.array_equal(one, other) for one, other in zip(before, model.get_weights(), strict=True))
    assert not list(keras_home.iterdir())
