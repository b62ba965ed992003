"""Files that need Keras to be made: a network as .keras and as ONNX."""

from __future__ import annotations

import gc
import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import onnx
from numpy.typing import NDArray

from cnnservice.export.archive import NO_TIME
from cnnservice.nn.build import build_model, compile_model
from cnnservice.nn.state import adopt_variables, training_variables
from cnnservice.nn.to_onnx.convert import onnx_model
from cnnservice.specs.architecture import Architecture
from cnnservice.specs.job import Compile
from cnnservice.specs.layers.base import Shape

_METADATA, _CONFIG = "metadata.json", "config.json"
# Keras takes an object's address in memory for this; it only says which are the same.
_SHARED = re.compile(r'(?<="shared_object_id": )\d+')


def write_keras(
    path: Path,
    architecture: Architecture,
    input_shape: Shape,
    compile_spec: Compile,
    state: Mapping[str, NDArray[Any]],
    description: Mapping[str, str],
) -> None:
    """Write a file that keras.models.load_model reads without this project, ready to evaluate and to be trained on.

    state is a checkpoint's tensors: the weights, and the optimizer's variables where the job has the same optimizer.
    description goes into the archive's metadata.json, beside Keras' version.
    """
    model = build_model(architecture, input_shape)
    compile_model(model, compile_spec)
    # Keras numbers these by what this process has made before.
    model.name, model.optimizer.name = "network", compile_spec.optimizer.name
    adopt_variables(training_variables(model), state)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        as_keras_saves = Path(folder, "model.keras")
        model.save(as_keras_saves)
        _pack_without_time(as_keras_saves, path, description)
    # A model refers to itself, and would stay in memory until Python happens to look for such rings.
    del model
    gc.collect()


def write_onnx(path: Path, model: keras.Model, description: Mapping[str, str]) -> None:
    """Write what a model computes, with its weights as they are now; description is the metadata. Raises NotInOnnx."""
    onnx.save_model(onnx_model(model, description), path)


def _pack_without_time(source: Path, target: Path, description: Mapping[str, str]) -> None:
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as written:
        for known in read.infolist():
            entry = zipfile.ZipInfo(known.filename, NO_TIME)
            if known.filename == _METADATA:
                notes = json.loads(read.read(known))
                del notes["date_saved"]
                written.writestr(entry, json.dumps(notes | {"cnnservice": dict(description)}))
                continue
            if known.filename == _CONFIG:
                written.writestr(entry, _renumbered(read.read(known).decode()))
                continue
            entry.file_size = known.file_size
            with read.open(known) as content, written.open(entry, "w") as copy:
                shutil.copyfileobj(content, copy)


def _renumbered(config: str) -> str:
    """With shared objects numbered in the order in which they come."""
    addresses = list(dict.fromkeys(_SHARED.findall(config)))
    return _SHARED.sub(lambda found: str(addresses.index(found[0]) + 1), config)
