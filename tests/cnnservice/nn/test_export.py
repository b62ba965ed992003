"""A .keras file is the model in any other Python: it predicts, measures and trains on as the service's own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from cnnservice.nn.build import build_model, compile_model
from cnnservice.nn.export import write_keras, write_onnx
from cnnservice.nn.state import read_variables, training_variables
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.job import Compile

SHAPE = (12, 12, 1)
RANDOM = np.random.default_rng(3)
IMAGES = RANDOM.uniform(-1, 1, (32, *SHAPE)).astype(np.float32)
LABELS = np.eye(4, dtype=np.float32)[RANDOM.integers(0, 4, 32)]
BRANCHED = Architecture.model_validate(
    {
        "layers": [
            {"type": "conv2d", "name": "a", "filters": 4, "kernel_size": 3, "padding": "same", "trainable": False},
            {"type": "batch_normalization", "name": "norm"},
            {"type": "leaky_re_lu", "name": "bend"},
            {"type": "add", "name": "sum", "inputs": ["bend", "a"]},
            {"type": "layer_normalization", "name": "even", "axis": [1, 2, 3]},
            {"type": "global_average_pooling2d", "name": "pool"},
            {"type": "dense", "name": "out", "units": 4, "activation": "softmax", "kernel_regularizer": "l2"},
        ]
    }
)
LINE = Architecture.model_validate(
    {
        "layers": [
            {"type": "random_flip", "name": "flip"},
            {"type": "conv2d", "name": "a", "filters": 4, "kernel_size": 3, "activation": "gelu"},
            {"type": "dropout", "name": "drop", "rate": 0.4},
            {"type": "flatten", "name": "flat"},
            {"type": "dense", "name": "out", "units": 4, "activation": "softmax"},
        ]
    }
)
NETWORKS = {"line": LINE, "branched": BRANCHED}
SETTINGS: list[dict[str, Any]] = [
    {},
    {
        "loss": {"name": "categorical_crossentropy", "label_smoothing": 0.1},
        "optimizer": {
            "name": "adam",
            "learning_rate": {
                "name": "exponential_decay",
                "initial_learning_rate": 0.1,
                "decay_steps": 3,
                "decay_rate": 0.5,
            },
        },
        "metrics": ["categorical_accuracy", "auc", "precision"],
    },
    {"loss": "categorical_hinge", "optimizer": {"name": "rmsprop", "centered": True, "momentum": 0.5}},
]
MORE: list[dict[str, Any]] = [
    {"optimizer": {"name": "sgd", "momentum": 0.9, "nesterov": True}},
    {"optimizer": {"name": "adamw", "amsgrad": True}},
    {"optimizer": {"name": "adagrad"}},
]


def trained(architecture: Architecture, compile_spec: Compile) -> keras.Model:
    keras.utils.set_random_seed(1)
    model = build_model(architecture, SHAPE)
    compile_model(model, compile_spec)
    fit(model)
    return model


def fit(model: keras.Model) -> None:
    model.fit(IMAGES, LABELS, batch_size=8, shuffle=False, verbose=0)


def exported(path: Path, model: keras.Model, architecture: Architecture, compile_spec: Compile) -> Path:
    state = read_variables(training_variables(model))
    write_keras(path, architecture, SHAPE, compile_spec, state, {"epoch": "1", "classes": '["ä"]'})
    return path


@pytest.mark.parametrize(
    "settings",
    [*SETTINGS, *(pytest.param(one, marks=pytest.mark.full) for one in MORE)],
    ids=lambda settings: str(settings.get("optimizer", "sgd"))[:40],
)
def test_a_loaded_model_predicts_measures_and_trains_on_as_the_jobs_own(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    compile_spec = Compile.model_validate(settings)
    mine = trained(BRANCHED, compile_spec)
    loaded = keras.models.load_model(exported(tmp_path / "m.keras", mine, BRANCHED, compile_spec))
    np.testing.assert_allclose(loaded.predict(IMAGES, verbose=0), mine.predict(IMAGES, verbose=0), atol=1e-6)
    told, expected = (model.evaluate(IMAGES, LABELS, verbose=0, return_dict=True) for model in (loaded, mine))
    assert told.keys() == expected.keys() == {"loss", *compile_spec.metrics}
    for name, value in expected.items():
        assert told[name] == pytest.approx(value, rel=1e-5), name
    assert int(loaded.optimizer.iterations) == 4
    for model in (loaded, mine):
        fit(model)
    for layer in mine.layers:
        for one, other in zip(loaded.get_layer(layer.name).get_weights(), layer.get_weights(), strict=True):
            np.testing.assert_allclose(one, other, atol=1e-6, err_msg=layer.name)


def test_it_loads_without_this_project_compiled_or_not(tmp_path: Path) -> None:
    models = {name: trained(architecture, Compile()) for name, architecture in NETWORKS.items()}
    for name, model in models.items():
        exported(tmp_path / f"{name}.keras", model, NETWORKS[name], Compile())
    np.save(tmp_path / "images.npy", IMAGES)
    code = """
import sys
import keras, numpy as np
for name in sys.argv[1:]:
    for compiled in (True, False):
        model = keras.models.load_model(f"{name}.keras", compile=compiled)
        assert model.compiled == compiled
        np.save(f"{name} {compiled}.npy", model.predict(np.load("images.npy"), verbose=0))
assert not [name for name in sys.modules if name.startswith("cnnservice")]
"""
    subprocess.run([sys.executable, "-I", "-c", code, *models], cwd=tmp_path, check=True, timeout=180)
    for name, model in models.items():
        for compiled in (True, False):
            told = np.load(tmp_path / f"{name} {compiled}.npy")
            np.testing.assert_allclose(told, model.predict(IMAGES, verbose=0), atol=1e-6, err_msg=name)


def test_made_twice_it_is_the_same_bytes(tmp_path: Path) -> None:
    model = trained(LINE, Compile())
    one, other = (exported(tmp_path / f"{n}.keras", model, LINE, Compile()).read_bytes() for n in (1, 2))
    assert one == other


def test_it_tells_no_address_in_memory(tmp_path: Path) -> None:
    path = exported(tmp_path / "m.keras", trained(LINE, Compile()), LINE, Compile())
    with zipfile.ZipFile(path) as archive:
        shared = [
            int(number) for number in re.findall(r'"shared_object_id": (\d+)', archive.read("config.json").decode())
        ]
    assert shared
    assert sorted(set(shared)) == list(range(1, len(set(shared)) + 1))


def test_it_says_what_it_is_of(tmp_path: Path) -> None:
    path = exported(tmp_path / "m.keras", trained(LINE, Compile()), LINE, Compile())
    with zipfile.ZipFile(path) as archive:
        metadata = json.loads(archive.read("metadata.json"))
    assert metadata == {"keras_version": keras.__version__, "cnnservice": {"epoch": "1", "classes": '["ä"]'}}


def test_a_state_of_another_optimizer_gives_its_weights_alone(tmp_path: Path) -> None:
    # As of an epoch that a job has taken over from its parent.
    parent = trained(LINE, Compile.model_validate({"optimizer": {"name": "adam"}}))
    loaded = keras.models.load_model(exported(tmp_path / "m.keras", parent, LINE, Compile()))
    np.testing.assert_allclose(loaded.predict(IMAGES, verbose=0), parent.predict(IMAGES, verbose=0), atol=1e-6)
    assert (loaded.optimizer.name, int(loaded.optimizer.iterations)) == ("sgd", 0)


def test_the_onnx_file_says_the_same(tmp_path: Path) -> None:
    import onnxruntime

    model = trained(BRANCHED, Compile())
    write_onnx(tmp_path / "m.onnx", model, {"epoch": "1"})
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx", providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == {"epoch": "1"}
    (told,) = session.run(None, {"input": IMAGES})
    np.testing.assert_allclose(told, model.predict(IMAGES, verbose=0), atol=1e-5)
