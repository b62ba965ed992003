"""Text that names one image: `mnist:test:0`, or `upload:<sha256>`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.archive import how_to_provide
from cnnservice.datasets.arrays import DatasetArrays, open_arrays
from cnnservice.datasets.errors import BadReference, IndexOutOfRange
from cnnservice.datasets.registry import get_dataset

_UPLOAD = re.compile(r"upload:([0-9a-f]{64})")
# No leading zeros: every image has one reference.
_DATASET = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.\-]{0,63}):([a-z]{1,32}):(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True)
class DatasetReference:
    """An image of a data set; index counts from 0 in its split."""

    dataset: str
    split: str
    index: int

    def __str__(self) -> str:
        return f"{self.dataset}:{self.split}:{self.index}"


@dataclass(frozen=True)
class UploadReference:
    """An uploaded picture, by the sha256 of the file in lower-case hexadecimal."""

    sha256: str

    def __str__(self) -> str:
        return f"upload:{self.sha256}"


def parse_reference(text: str) -> DatasetReference | UploadReference:
    """Read a reference; whether what it names exists is not asked here. Raises BadReference."""
    if upload := _UPLOAD.fullmatch(text):
        return UploadReference(upload[1])
    if image := _DATASET.fullmatch(text):
        return DatasetReference(image[1], image[2], int(image[3]))
    raise BadReference(text)


def load_reference(reference: DatasetReference, datasets_path: Path) -> NDArray[np.uint8]:
    """The image, (H, W, C) uint8. Raises UnknownDataset, UnknownSplit, IndexOutOfRange."""
    return np.array(_open(reference, datasets_path).images(reference.split)[reference.index])


def label_of(reference: DatasetReference, datasets_path: Path) -> int:
    """The index of the image's class. Raises UnknownDataset, UnknownSplit, IndexOutOfRange."""
    return int(_open(reference, datasets_path).labels(reference.split)[reference.index])


def _open(reference: DatasetReference, datasets_path: Path) -> DatasetArrays:
    dataset = get_dataset(reference.dataset)
    arrays = open_arrays(dataset, datasets_path)
    available = arrays.count(reference.split)
    if not 0 <= reference.index < available:
        in_full_set = available <= reference.index < dataset.splits[reference.split]
        advice = how_to_provide(dataset, datasets_path) if in_full_set else ""
        raise IndexOutOfRange(dataset.name, reference.split, reference.index, available, advice)
    return arrays
