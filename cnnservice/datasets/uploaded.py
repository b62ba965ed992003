"""Data sets that clients bring: named by their content, in the artifact store, brought to each machine when needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import obstore
from obstore.store import ObjectStore

from cnnservice.datasets.checksums import file_checksum
from cnnservice.datasets.dataset import Arrays, Dataset
from cnnservice.datasets.errors import DatasetDeleted, WrongChecksum
from cnnservice.datasets.stored import array_path, map_arrays, missing_arrays, whole_file
from cnnservice.errors import CorruptError
from cnnservice.store import outages_told, put_whole

Record = dict[str, Any]


class DamagedDataset(CorruptError):
    """A stored array is not what was stored."""

    code = "damaged-dataset"

    def __init__(self, name: str, key: str) -> None:
        super().__init__(f"The stored {key} of data set {name!r} is not what was uploaded: its checksum is another.")


@dataclass(frozen=True)
class Upload:
    """The arrays of one content; files are the SHA-256 of each .npy by its key."""

    sha256: str
    files: Mapping[str, str]

    def is_here(self, dataset: Dataset, datasets_path: Path) -> bool:
        """See Origin."""
        return not missing_arrays(self.folder(datasets_path), dataset.keys)

    def open(self, dataset: Dataset, datasets_path: Path) -> Arrays:
        """See Origin."""
        return map_arrays(self.folder(datasets_path), dataset.keys)

    def how_to_provide(self, dataset: Dataset, datasets_path: Path) -> str:  # noqa: ARG002 - see Origin
        """See Origin."""
        return f"The data set {dataset.name!r} was uploaded, and has been deleted."

    def wrong_file(self, datasets_path: Path, advice: str) -> WrongChecksum | None:  # noqa: ARG002 - see Origin
        """See Origin."""
        return None

    def folder(self, datasets_path: Path) -> Path:
        """Where its arrays lie on this machine."""
        return datasets_path / "uploads" / self.sha256

    def store_path(self, key: str) -> str:
        """Where an array lies in the artifact store."""
        return f"datasets/{self.sha256}/{key}.npy"


def content_record(
    *,
    shape: tuple[int, int, int],
    classes: tuple[str, ...],
    splits: Mapping[str, int],
    background: int,
    files: Mapping[str, str],
) -> Record:
    """All that makes an uploaded data set what it is, as JSON, and its SHA-256; its name is not among it."""
    content: Record = {
        "shape": list(shape),
        "classes": list(classes),
        "splits": dict(splits),
        "background": background,
        "files": dict(files),
    }
    return {**content, "sha256": hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()}


def dataset_of(name: str, record: Record) -> Dataset:
    """The data set of that name and content."""
    height, width, channels = record["shape"]
    return Dataset(
        name=name,
        shape=(height, width, channels),
        classes=tuple(record["classes"]),
        # JSON columns need not keep the order of keys.
        splits={split: record["splits"][split] for split in ("train", "test")},
        source="uploaded",
        licence="not stated",
        origin=Upload(record["sha256"], record["files"]),
        background=record["background"],
    )


def record_of(dataset: Dataset) -> Record | None:
    """What dataset_of makes an uploaded data set from; None of one that is built in."""
    if not isinstance(dataset.origin, Upload):
        return None
    return content_record(
        shape=dataset.shape,
        classes=dataset.classes,
        splits=dataset.splits,
        background=dataset.background,
        files=dataset.origin.files,
    )


def put_upload(store: ObjectStore, upload: Upload, folder: Path) -> None:
    """Copy the arrays from a folder into the artifact store."""
    for key in upload.files:
        put_whole(store, upload.store_path(key), array_path(folder, key))


def is_stored(store: ObjectStore, upload: Upload) -> bool:
    """Whether the artifact store has all of it."""
    try:
        for key in upload.files:
            obstore.head(store, upload.store_path(key))
    except FileNotFoundError:
        return False
    return True


def bring_upload(store: ObjectStore, dataset: Dataset, upload: Upload, datasets_path: Path) -> None:
    """Copy what is not here, or no longer what it was, from the artifact store, checked.

    Raises DatasetDeleted, DamagedDataset, StoreUnavailable.
    """
    folder = upload.folder(datasets_path)
    for key in dataset.keys:
        if file_checksum(array_path(folder, key), "sha256") == upload.files[key]:
            continue
        digest = hashlib.sha256()
        try:
            with outages_told():
                stored = obstore.get(store, upload.store_path(key))
        except FileNotFoundError:
            raise DatasetDeleted(dataset.name) from None
        with whole_file(array_path(folder, key)) as file, outages_told():
            for piece in stored.stream():
                digest.update(piece)
                file.write(piece)
            if digest.hexdigest() != upload.files[key]:
                raise DamagedDataset(dataset.name, key)


def delete_upload(store: ObjectStore, upload: Upload) -> None:
    """Remove it from the artifact store."""
    for key in upload.files:
        obstore.delete(store, upload.store_path(key))
