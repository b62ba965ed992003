"""A data set's images and labels, as far as they are on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.archive import archive_checksum, archive_path, has_archive, how_to_provide, map_archive
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import SamplesNotAvailable, TooManySamples, UnknownSplit, WrongChecksum
from cnnservice.datasets.head import head_count, load_head


@dataclass(frozen=True)
class DatasetArrays:
    """Images and labels by split; arrays holds x_<split> and y_<split>, samples how many of each are to be seen."""

    dataset: Dataset
    samples: Mapping[str, int]
    arrays: Mapping[str, NDArray[np.uint8]] = field(repr=False)

    def images(self, split: str) -> NDArray[np.uint8]:
        """(n, H, W, C) uint8, read-only. Raises UnknownSplit."""
        count = self.count(split)
        return self.arrays[f"x_{split}"][:count].reshape(count, *self.dataset.shape)

    def labels(self, split: str) -> NDArray[np.int64]:
        """(n,) int64, 0 to the number of classes less one. Raises UnknownSplit."""
        count = self.count(split)
        return self.arrays[f"y_{split}"][:count].reshape(count).astype(np.int64)

    def count(self, split: str) -> int:
        """n. Raises UnknownSplit."""
        if split not in self.samples:
            raise UnknownSplit(self.dataset.name, split, known=list(self.samples))
        return self.samples[split]


def check_samples(
    dataset: Dataset, *, train_samples: int | None = None, test_samples: int | None = None
) -> dict[str, int]:
    """The numbers asked for, by split, held against the whole data set. Raises TooManySamples."""
    named = {"train": train_samples, "test": test_samples}
    asked = {split: samples for split, samples in named.items() if samples is not None}
    for split, samples in asked.items():
        if samples > dataset.splits[split]:
            raise TooManySamples(dataset.name, split, samples, dataset.splits[split])
    return asked


def samples_on_disk(dataset: Dataset, datasets_path: Path) -> dict[str, int]:
    """How many images of each split can be opened now: all where the right archive is, else the head's.

    No image is read; the archive's checksum is computed when it was not seen before.
    """
    if has_archive(dataset, datasets_path):
        return dict(dataset.splits)
    return _samples_in_head(dataset)


def open_arrays(
    dataset: Dataset, datasets_path: Path, *, train_samples: int | None = None, test_samples: int | None = None
) -> DatasetArrays:
    """The first images of each split, as many as asked for; all that are on disk where no number is given.

    They come memory-mapped from the archive where the right one lies under datasets_path, else from the head.
    Raises TooManySamples, SamplesNotAvailable, and WrongChecksum where the archive would have had them.
    """
    asked = check_samples(dataset, train_samples=train_samples, test_samples=test_samples)
    # Asked once: an archive that comes or goes meanwhile must not make the numbers those of the other.
    complete = has_archive(dataset, datasets_path)
    available = dict(dataset.splits) if complete else _samples_in_head(dataset)
    for split, samples in asked.items():
        if samples > available[split]:
            raise _missing(dataset, datasets_path, split, samples, available[split])
    arrays = map_archive(dataset, datasets_path) if complete else _arrays_of_head(dataset)
    return DatasetArrays(dataset, available | asked, arrays)


def _samples_in_head(dataset: Dataset) -> dict[str, int]:
    return {split: head_count(dataset.head, split) if dataset.head else 0 for split in dataset.splits}


def _arrays_of_head(dataset: Dataset) -> dict[str, NDArray[np.uint8]]:
    if dataset.head:
        return load_head(dataset.head)
    return {f"{kind}_{split}": np.empty((0,), np.uint8) for kind in ("x", "y") for split in dataset.splits}


def _missing(
    dataset: Dataset, datasets_path: Path, split: str, asked: int, available: int
) -> WrongChecksum | SamplesNotAvailable:
    actual = archive_checksum(dataset, datasets_path)
    if actual is not None:
        # The general advice says where the file goes and its checksum, which this error names already.
        advice = (
            f"It is wanted because {split}_samples is {asked}; without it at most {available} is allowed. "
            f"The right one is the file {dataset.archive} of keras.datasets.{dataset.keras_loader}."
        )
        path = archive_path(dataset, datasets_path)
        return WrongChecksum(path, expected=dataset.sha256, actual=actual, advice=advice)
    return SamplesNotAvailable(dataset.name, split, asked, available, how_to_provide(dataset, datasets_path))
