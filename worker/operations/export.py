"""A model as a file of a format that needs Keras, put into the artifact store."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from cnnservice import job_queries
from cnnservice.database.tables import Epoch
from cnnservice.export.archive import pack
from cnnservice.export.description import describe
from cnnservice.export.formats import WorkerFormat
from cnnservice.export.mlflow import write_mlflow
from cnnservice.models import stored_file
from cnnservice.spread import spread
from cnnservice.store import put_checked
from worker.operations.computation import Arrays, Computation


def export(computation: Computation) -> Arrays:
    """Store the file of the argument `format` at `path`, whole or not at all. Raises NotInOnnx, DamagedFile."""
    write = _WRITERS[computation.arguments["format"]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "export")
        write(computation, file)
        put_checked(computation.parts.store.store, str(computation.arguments["path"]), file)
    return {}


def _write_onnx(computation: Computation, file: Path) -> None:
    from cnnservice.nn.export import write_onnx

    write_onnx(file, computation.model.keras_model, describe(computation.snapshot))


def _write_keras(computation: Computation, file: Path) -> None:
    from cnnservice.nn.export import write_keras

    snapshot, store = computation.snapshot, computation.parts.store
    state = store.read(snapshot.file, store.header(snapshot.file).tensors)
    shape = snapshot.summary().input_shape
    write_keras(file, snapshot.architecture, shape, snapshot.spec.compile, state, describe(snapshot))


def _write_mlflow(computation: Computation, file: Path) -> None:
    folder = file.with_name("mlflow")
    artifacts = write_mlflow(folder, computation.snapshot, _epochs(computation))
    _write_keras(computation, artifacts / "model.keras")
    pack(folder, file)


def _write_tensorboard(computation: Computation, file: Path) -> None:
    from cnnservice.nn.tensorboard import write_tensorboard

    snapshot, store = computation.snapshot, computation.parts.store
    layers = [layer.name for layer in snapshot.summary().layers]

    def read(row: Epoch) -> Mapping[str, Mapping[str, NDArray[Any]]]:
        return {layer: store.read_layer(stored_file(row), layer) for layer in layers}

    folder = file.with_name("tensorboard")
    write_tensorboard(folder, snapshot, _epochs(computation), _shown(computation), read)
    pack(folder, file)


def _epochs(computation: Computation) -> list[Epoch]:
    snapshot = computation.snapshot
    return job_queries.list_epochs(computation.parts.database, snapshot.job.id, after=0, up_to=snapshot.epoch)


def _shown(computation: Computation) -> list[Epoch]:
    """Of the epochs whose weights are there as many as an animation may have frames and values; at least two."""
    snapshot, settings = computation.snapshot, computation.parts.settings
    kept = job_queries.list_epochs(computation.parts.database, snapshot.job.id, up_to=snapshot.epoch, kept=True)
    most = min(settings.max_animation_frames, settings.max_animation_values // snapshot.summary().params)
    return spread(kept, max(most, 2))


_WRITERS: dict[WorkerFormat, Callable[[Computation, Path], None]] = {
    "keras": _write_keras,
    "onnx": _write_onnx,
    "tensorboard": _write_tensorboard,
    "mlflow": _write_mlflow,
}
