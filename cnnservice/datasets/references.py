"""Text that names one image: `mnist:test:0`, or `upload:<sha256>`."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.arrays import DatasetArrays
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.datasets.errors import BadReference, IndexOutOfRange

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


def load_reference(reference: DatasetReference, catalogue: Catalogue) -> NDArray[np.uint8]:
    """The image, (H, W, C) uint8. Raises UnknownDataset, UnknownSplit, IndexOutOfRange."""
    return np.array(_open(reference, catalogue).images(reference.split)[reference.index])


def label_of(reference: DatasetReference, catalogue: Catalogue) -> int:
    """The index of the image's class. Raises UnknownDataset, UnknownSplit, IndexOutOfRange."""
    return int(_open(reference, catalogue).labels(reference.split)[reference.index])


def _open(reference: DatasetReference, catalogue: Catalogue) -> DatasetArrays:
    dataset = catalogue.get(reference.dataset)
    arrays = catalogue.open(dataset)
    available = arrays.count(reference.split)
    if not 0 <= reference.index < available:
        in_full_set = available <= reference.index < dataset.splits[reference.split]
        advice = dataset.origin.how_to_provide(dataset, catalogue.datasets_path) if in_full_set else ""
        raise IndexOutOfRange(dataset.name, reference.split, reference.index, available, advice)
    return arrays
