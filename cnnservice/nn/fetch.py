"""Fetch a full data set through Keras' own loader, which checks what it fetches against its checksum."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from pathlib import Path

from cnnservice.datasets.archive import archive_path, how_to_provide
from cnnservice.datasets.arrays import samples_on_disk
from cnnservice.datasets.dataset import Dataset
from cnnservice.errors import UnavailableError


class DatasetNotFetched(UnavailableError):
    """The full set is needed, is not here, and could not be fetched."""

    code = "dataset-not-fetched"
    title = "Data set could not be fetched"


def fetch_if_missing(dataset: Dataset, datasets_path: Path, samples: Mapping[str, int]) -> None:
    """Fetch the archive when more samples of a split are asked for than are on disk. Raises DatasetNotFetched.

    Keras keeps it under `$KERAS_HOME/datasets`, which the worker sets to be datasets_path.
    """
    available = samples_on_disk(dataset, datasets_path)
    if all(count <= available[split] for split, count in samples.items()):
        return
    loader = importlib.import_module(f"keras.datasets.{dataset.keras_loader}")
    try:
        loader.load_data()
    except Exception as error:  # the loader lets through whatever its transport raises
        raise DatasetNotFetched(
            f"The full {dataset.name} is needed and could not be fetched ({error}). "
            f"{how_to_provide(dataset, datasets_path)}"
        ) from error
    if not archive_path(dataset, datasets_path).is_file():
        raise DatasetNotFetched(
            f"Keras fetched {dataset.name} to another place; set KERAS_HOME to {datasets_path.parent}. "
            f"{how_to_provide(dataset, datasets_path)}"
        )
