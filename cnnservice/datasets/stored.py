"""A data set's arrays as .npy files in a folder, each put there whole."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from uuid import uuid4

import numpy as np

from cnnservice.datasets.dataset import Arrays


def array_path(folder: Path, key: str) -> Path:
    """Where an array lies."""
    return folder / f"{key}.npy"


def missing_arrays(folder: Path, keys: Iterable[str]) -> list[str]:
    """Those that are not there."""
    return [key for key in keys if not array_path(folder, key).is_file()]


def map_arrays(folder: Path, keys: Iterable[str]) -> Arrays:
    """The arrays by key, read-only and memory-mapped, so that opening them takes no memory."""
    return {key: np.load(array_path(folder, key), mmap_mode="r", allow_pickle=False) for key in keys}


@contextmanager
def whole_file(target: Path) -> Iterator[IO[bytes]]:
    """A file to write, which takes its name when it is whole and on disk; after an error there is none.

    Threads, processes and containers (each with a process 1) may write the same at once: each writes its own file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{uuid4().hex}")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
