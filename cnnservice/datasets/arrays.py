"""A data set's images and labels, as far as they are on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.dataset import Arrays, Dataset
from cnnservice.datasets.errors import SamplesNotAvailable, TooManySamples, UnknownSplit, WrongChecksum
from cnnservice.datasets.head import head_count, load_head


@dataclass(frozen=True)
class DatasetArrays:
    """Images and labels by split; arrays holds x_<split> and y_<split>, samples how many of each are to be seen."""

    dataset: Dataset
    samples: Mapping[str, int]
    arrays: Arrays = field(repr=False)

    def images(self, split: str) -> NDArray[np.uint8]:
        """(n, H, W, C) uint8, read-only. Raises UnknownSplit."""
        count = self.count(split)
        images = cast("NDArray[np.uint8]", self.arrays[f"x_{split}"])
        return images[:count].reshape(count, *self.dataset.shape)

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
    """How many images of each split can be opened now: all where the whole set is here, else the head's."""
    if dataset.origin.is_here(dataset, datasets_path):
        return dict(dataset.splits)
    return _samples_in_head(dataset)


def open_arrays(
    dataset: Dataset, datasets_path: Path, *, train_samples: int | None = None, test_samples: int | None = None
) -> DatasetArrays:
    """The first images of each split, as many as asked for; all that are on disk where no number is given.

    They come memory-mapped where the whole set is under datasets_path, else from the head.
    Raises TooManySamples, SamplesNotAvailable, and WrongChecksum where a wrong file lies in its place.
    """
    asked = check_samples(dataset, train_samples=train_samples, test_samples=test_samples)
    # Asked once: a file that comes or goes meanwhile must not make the numbers those of the other.
    complete = dataset.origin.is_here(dataset, datasets_path)
    available = dict(dataset.splits) if complete else _samples_in_head(dataset)
    for split, samples in asked.items():
        if samples > available[split]:
            raise _missing(dataset, datasets_path, split, samples, available[split])
    arrays = dataset.origin.open(dataset, datasets_path) if complete else _arrays_of_head(dataset)
    return DatasetArrays(dataset, available | asked, arrays)


def _samples_in_head(dataset: Dataset) -> dict[str, int]:
    return {split: head_count(dataset.head, split) if dataset.head else 0 for split in dataset.splits}


def _arrays_of_head(dataset: Dataset) -> Arrays:
    if dataset.head:
        return load_head(dataset.head)
    return {key: np.empty((0,), np.uint8) for key in dataset.keys}


def _missing(
    dataset: Dataset, datasets_path: Path, split: str, asked: int, available: int
) -> WrongChecksum | SamplesNotAvailable:
    advice = f"It is wanted because {split}_samples is {asked}; without it at most {available} is allowed."
    wrong = dataset.origin.wrong_file(datasets_path, advice)
    if wrong is not None:
        return wrong
    how = dataset.origin.how_to_provide(dataset, datasets_path)
    return SamplesNotAvailable(dataset.name, split, asked, available, how)
