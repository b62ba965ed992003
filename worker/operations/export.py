"""A model as a file of a format that needs Keras, put into the artifact store."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cnnservice.export.description import describe
from cnnservice.store import put_checked
from worker.operations.computation import Arrays, Computation


def export(computation: Computation) -> Arrays:
    """Store the file at the argument `path`, whole or not at all; its ending says the format. Raises NotInOnnx."""
    from cnnservice.nn.export import write_keras, write_onnx

    snapshot, store = computation.snapshot, computation.parts.store
    target = str(computation.arguments["path"])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "export")
        if target.endswith(".onnx"):
            write_onnx(file, computation.model.keras_model, describe(snapshot))
        else:
            state = store.read(snapshot.file, store.header(snapshot.file).tensors)
            write_keras(
                file,
                snapshot.architecture,
                snapshot.summary().input_shape,
                snapshot.spec.compile,
                state,
                describe(snapshot),
            )
        put_checked(store.store, target, file)
    return {}
