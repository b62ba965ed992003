"""The weights alone are a safetensors file like any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import obstore
import pytest
from safetensors import safe_open
from safetensors.numpy import load

from cnnservice.export.description import describe
from cnnservice.export.weights_file import weights_file
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.job import JobSpec
from cnnservice.weights import DamagedFile

from .conftest import Stored, store_model


def content_of(stored: Stored) -> bytes:
    return b"".join(weights_file(stored.store, stored.snapshot, describe(stored.snapshot)).chunks())


def keras_weights(stored: Stored) -> dict[str, np.ndarray[Any, Any]]:
    """Every layer's own get_weights, by layer and variable."""
    return {
        f"{layer.name}/{variable.name}": array
        for layer in stored.model.layers
        for variable, array in zip(layer.weights, layer.get_weights(), strict=True)
    }


SEVERAL: list[dict[str, Any]] = [
    {"type": "separable_conv2d", "name": "sep", "filters": 3, "kernel_size": 3, "strides": 4},
    {"type": "batch_normalization", "name": "norm"},
    {"type": "dropout", "name": "drop", "rate": 0.5},
    {"type": "flatten"},
    {"type": "dense", "name": "out", "units": 10, "use_bias": False},
]


@pytest.mark.parametrize("architecture", ["cnn", {"layers": SEVERAL}], ids=["cnn", "several"])
def test_it_holds_every_weight_by_layer_and_variable_and_nothing_of_the_optimizer(architecture: Any) -> None:
    stored = store_model(architecture=architecture, compile={"optimizer": {"name": "adam"}})
    told, expected = load(content_of(stored)), keras_weights(stored)
    assert told.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(told[name], array, err_msg=name)
        assert told[name].dtype == array.dtype


def test_its_metadata_say_what_the_weights_are_of(notebook_model: Stored, tmp_path: Path) -> None:
    (tmp_path / "weights.safetensors").write_bytes(content_of(notebook_model))
    with safe_open(tmp_path / "weights.safetensors", "numpy") as file:
        metadata = file.metadata()
    snapshot = notebook_model.snapshot
    assert (metadata["model_id"], metadata["epoch"], metadata["dataset"]) == (snapshot.job.id, "3", "mnist")
    assert json.loads(metadata["classes"]) == list("0123456789")
    assert json.loads(metadata["input_shape"]) == [28, 28, 1]
    assert json.loads(metadata["normalization"])["name"] == "minus_one_one"
    assert JobSpec.model_validate_json(metadata["spec"]) == snapshot.spec
    assert Architecture.model_validate_json(metadata["architecture"]) == snapshot.architecture


def test_its_size_is_known_before_it_is_read_piece_by_piece() -> None:
    wide = [{"type": "flatten"}, {"type": "dense", "units": 700}, {"type": "dense", "name": "out", "units": 10}]
    stored = store_model(architecture={"layers": wide})
    file = weights_file(stored.store, stored.snapshot, {})
    assert file.size == sum(map(len, file.chunks()))
    assert max(map(len, file.chunks())) == 1 << 20 < 784 * 700 * 4
    np.testing.assert_array_equal(
        load(b"".join(file.chunks()))["dense/kernel"], stored.model.layers[1].get_weights()[0]
    )


def test_a_damaged_checkpoint_is_found_before_anything_is_sent() -> None:
    stored = store_model()
    path = stored.snapshot.file.path
    content = bytearray(obstore.get(stored.store.store, path).bytes())
    content[stored.store.header(stored.snapshot.file).tensors["model/FC2/0/kernel"].start] ^= 1
    obstore.put(stored.store.store, path, bytes(content))
    with pytest.raises(DamagedFile, match="FC2"):
        weights_file(stored.store, stored.snapshot, {}).check()
