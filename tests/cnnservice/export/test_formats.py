"""Where exports lie, and that they go with their model."""

from __future__ import annotations

from dataclasses import replace

import obstore
from obstore.store import MemoryStore

from cnnservice.database.tables import Epoch, Job
from cnnservice.export.formats import delete_exports, export_path, file_name

from .conftest import Stored


def test_every_epoch_format_and_model_has_a_file_of_its_own(notebook_model: Stored) -> None:
    snapshot = notebook_model.snapshot
    other = replace(snapshot, job=Job(id="other", dataset="mnist"))
    changed = Epoch(path=snapshot.row.path, header_sha256="0" * 64)
    paths = {
        export_path(snapshot, "keras"),
        export_path(snapshot, "onnx"),
        export_path(replace(snapshot, epoch=4), "onnx"),
        export_path(replace(snapshot, row=changed), "onnx"),
        # Goes on from it, so has the same file, but may be compiled otherwise.
        export_path(other, "onnx"),
    }
    assert len(paths) == 5
    assert export_path(snapshot, "keras") in paths


def test_a_file_is_named_after_its_model_and_epoch(notebook_model: Stored) -> None:
    names = [file_name(notebook_model.snapshot, name) for name in ("keras", "safetensors", "onnx", "notebook")]
    stem = f"{notebook_model.snapshot.job.id}-epoch-00003"
    assert names == [f"{stem}.keras", f"{stem}.safetensors", f"{stem}.onnx", f"{stem}.ipynb"]


def test_exports_are_deleted_with_their_model_alone(notebook_model: Stored) -> None:
    snapshot, store = notebook_model.snapshot, MemoryStore()
    other = replace(snapshot, job=Job(id="other", dataset="mnist"))
    for path in (export_path(snapshot, "keras"), export_path(snapshot, "onnx"), export_path(other, "onnx")):
        obstore.put(store, path, b"")
    delete_exports(store, snapshot.job.id)
    assert [entry["path"] for entry in obstore.list(store).collect()] == [export_path(other, "onnx")]
    delete_exports(store, "none")
