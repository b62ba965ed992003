"""The first images of a data set, shipped with the package so that it works without a network."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.npy import read_shape


@lru_cache(maxsize=8)
def load_head(path: Path) -> dict[str, NDArray[np.uint8]]:
    """The arrays of an .npz by key, read-only, in memory once for the process."""
    with np.load(path, allow_pickle=False) as archive:
        arrays = dict(archive)
    for array in arrays.values():
        array.setflags(write=False)
    return arrays


@lru_cache(maxsize=8)
def head_count(path: Path, split: str) -> int:
    """How many images of a split are in the head, from the header of its labels alone."""
    with zipfile.ZipFile(path) as archive, archive.open(f"y_{split}.npy") as labels:
        return read_shape(labels)[0]
