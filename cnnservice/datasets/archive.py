"""The whole data set: an .npz placed or fetched under datasets_path, checked, unpacked and memory-mapped."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
import zlib
from functools import lru_cache
from math import prod
from pathlib import Path
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.npy import read_header


def archive_path(dataset: Dataset, datasets_path: Path) -> Path:
    """Where the archive lies or is to be placed, absolute."""
    return datasets_path.absolute() / dataset.archive


def archive_checksum(dataset: Dataset, datasets_path: Path) -> str | None:
    """The sha256 of the archive that lies there, None where none does; computed once for each state of the file."""
    path = archive_path(dataset, datasets_path)
    if not path.is_file():
        return None
    status = path.stat()
    return _sha256(path, status.st_mtime_ns, status.st_size)


def has_archive(dataset: Dataset, datasets_path: Path) -> bool:
    """Whether the right archive lies there: Keras' own file, or one that holds the same arrays, packed otherwise."""
    checksum = archive_checksum(dataset, datasets_path)
    if checksum is None or dataset.contents_sha256 is None or checksum == dataset.sha256:
        return checksum == dataset.sha256
    return _contents_sha256(archive_path(dataset, datasets_path), checksum, dataset) == dataset.contents_sha256


def map_archive(dataset: Dataset, datasets_path: Path) -> dict[str, NDArray[np.uint8]]:
    """The archive's arrays by key, read-only and memory-mapped, so that opening them takes no memory.

    The first call unpacks them beside the archive, into a folder named by its checksum: that of another archive
    is never read. The archive's checksum must have been found right.
    """
    folder = datasets_path / dataset.name / dataset.sha256[:16]
    keys = _keys(dataset)
    missing = [key for key in keys if not _unpacked(folder, key).is_file()]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(archive_path(dataset, datasets_path)) as archive:
            for key in missing:
                _unpack(archive, _unpacked(folder, key))
    return {key: np.load(_unpacked(folder, key), mmap_mode="r", allow_pickle=False) for key in keys}


def how_to_provide(dataset: Dataset, datasets_path: Path) -> str:
    """What to do for whoever needs more of the data set than is on disk."""
    advice = (
        "The full set is fetched by the worker when a job needs it. To provide it by hand, place the file "
        f"{dataset.archive} (the one of keras.datasets.{dataset.keras_loader}, with sha256 {dataset.sha256}) "
        f"at {archive_path(dataset, datasets_path)}."
    )
    actual = archive_checksum(dataset, datasets_path)
    return advice if actual is None else f"{advice} The file that lies there has sha256 {actual}."


def _keys(dataset: Dataset) -> list[str]:
    return [f"{kind}_{split}" for split in dataset.splits for kind in ("x", "y")]


@lru_cache(maxsize=16)
def _contents_sha256(path: Path, checksum: str, dataset: Dataset) -> str | None:  # noqa: ARG001 - tells one state
    """The sha256 over the arrays' numbers, in the order of the keys; None where they have other shapes.

    No more is unpacked than the arrays should have, whatever the archive says of itself.
    """
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive:
            for key in _keys(dataset):
                kind, split = key.split("_", 1)
                count = dataset.splits[split]
                height, width, channels = dataset.shape
                shapes = [(count, height, width), (count, height, width, channels)] if kind == "x" else [(count,)]
                with archive.open(f"{key}.npy") as member:
                    shape, fortran_order, dtype = read_header(member)
                    # The same bytes are other images under another header.
                    if shape not in shapes or fortran_order or dtype != np.uint8:
                        return None
                    left = prod(shape)
                    # Piece by piece: the API checks archives too, and is to stay small.
                    while left and (piece := member.read(min(left, 1 << 20))):
                        digest.update(piece)
                        left -= len(piece)
                    if left or member.read(1):
                        return None
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
    return digest.hexdigest()


@lru_cache(maxsize=64)
def _sha256(path: Path, mtime_ns: int, size: int) -> str:  # noqa: ARG001 - they tell one state of the file
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unpacked(folder: Path, key: str) -> Path:
    return folder / f"{key}.npy"


def _unpack(archive: zipfile.ZipFile, target: Path) -> None:
    # Threads, processes and containers (each with a process 1) may unpack at once: each writes its own file, and
    # whole ones take the name.
    temporary = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with archive.open(target.name) as member, temporary.open("wb") as file:
            shutil.copyfileobj(member, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
