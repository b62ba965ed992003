"""The formats of `export`, and where in the artifact store those lie that a worker makes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Literal

import obstore
from obstore.store import ObjectStore

from cnnservice.models import Snapshot
from cnnservice.store import outages_told

FormatName = Literal["keras", "safetensors", "onnx", "notebook", "tensorboard", "mlflow"]
# Those that are made where Keras runs.
WorkerFormat = Literal["keras", "onnx", "tensorboard", "mlflow"]

_OCTETS = "application/octet-stream"


@dataclass(frozen=True)
class Format:
    """How a file of it ends, and its media type."""

    ending: str
    media_type: str


FORMATS: dict[FormatName, Format] = {
    # A .keras file is a zip archive, but a browser told so may unpack it.
    "keras": Format("keras", _OCTETS),
    "safetensors": Format("safetensors", _OCTETS),
    "onnx": Format("onnx", _OCTETS),
    "notebook": Format("ipynb", "application/x-ipynb+json"),
    "tensorboard": Format("tensorboard.zip", "application/zip"),
    "mlflow": Format("mlflow.zip", "application/zip"),
}


def file_name(snapshot: Snapshot, name: FormatName) -> str:
    """What the file is called where it is saved, e.g. `<model id>-epoch-00030.keras`."""
    return f"{snapshot.job.id}-epoch-{snapshot.epoch:05d}.{FORMATS[name].ending}"


def export_path(snapshot: Snapshot, name: WorkerFormat) -> str:
    """Where a worker's export is stored. Weights shared by two jobs are exported for each, as their specs differ."""
    identity = json.dumps([version("cnnservice"), snapshot.job.id, snapshot.epoch, snapshot.identity, name])
    digest = hashlib.sha256(identity.encode()).hexdigest()
    return f"{_folder(snapshot.job.id)}{digest}.{FORMATS[name].ending}"


def delete_exports(store: ObjectStore, model_id: str) -> None:
    """Remove all that was exported of a model. Raises StoreUnavailable."""
    with outages_told():
        for batch in obstore.list(store, prefix=_folder(model_id)):
            obstore.delete(store, [entry["path"] for entry in batch])


def _folder(model_id: str) -> str:
    return f"exports/{model_id}/"
