"""Fetch a full data set through Keras' own loader, and check it against its publisher's checksums."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cnnservice.datasets.archive import NpzArchive
from cnnservice.datasets.arrays import samples_on_disk
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.keras_files import KerasFiles
from cnnservice.datasets.registry import DATASETS
from cnnservice.errors import UnavailableError

_log = logging.getLogger(__name__)


class DatasetNotFetched(UnavailableError):
    """The full set is needed, is not here, and could not be fetched."""

    code = "dataset-not-fetched"
    title = "Data set could not be fetched"


def fetch_if_missing(dataset: Dataset, datasets_path: Path, samples: Mapping[str, int]) -> None:
    """Fetch a built-in set when more samples of a split are asked for than are on disk. Raises DatasetNotFetched.

    Keras keeps what it fetches under `$KERAS_HOME/datasets`, which the worker sets to be datasets_path.
    """
    origin = dataset.origin
    if not isinstance(origin, NpzArchive | KerasFiles):
        return
    available = samples_on_disk(dataset, datasets_path)
    if all(count <= available[split] for split, count in samples.items()):
        return
    if isinstance(origin, NpzArchive):
        _load(dataset, origin.keras_loader, datasets_path)
        here = origin.path(datasets_path).is_file()
    else:
        here = _fetch_files(dataset, origin, datasets_path)
    if not here:
        raise DatasetNotFetched(
            f"Keras fetched {dataset.name} to another place; set KERAS_HOME to {datasets_path.parent}. "
            f"{origin.how_to_provide(dataset, datasets_path)}"
        )


def store_placed(datasets_path: Path) -> None:
    """Store the sets whose files somebody has placed for Keras' loader, so that every process can open them."""
    for dataset in DATASETS.values():
        origin = dataset.origin
        if not isinstance(origin, KerasFiles) or origin.is_here(dataset, datasets_path):
            continue
        if origin.are_placed(datasets_path):
            try:
                _fetch_files(dataset, origin, datasets_path)
            except (DatasetNotFetched, OSError):
                _log.exception("the files of %s are there and could not be read", dataset.name)


def _fetch_files(dataset: Dataset, origin: KerasFiles, datasets_path: Path) -> bool:
    """Have the loader read its files, and store the arrays. Returns whether the files are where they should be."""
    # The loader would take whatever lies there, also what a fetch that was cut off has left.
    origin.set_wrong_aside(datasets_path)
    (x_train, y_train), (x_test, y_test) = _load(dataset, origin.keras_loader, datasets_path)
    if not all((datasets_path / path).is_file() for path in origin.checksums):
        return False
    wrong = origin.wrong_file(datasets_path, "It was fetched just now.")
    if wrong is not None:
        origin.set_wrong_aside(datasets_path)
        raise DatasetNotFetched(f"{wrong.detail} {origin.how_to_provide(dataset, datasets_path)}")
    arrays = {"x_train": x_train, "y_train": y_train, "x_test": x_test, "y_test": y_test}
    origin.store(dataset, datasets_path, arrays)
    return True


def _load(dataset: Dataset, loader: str, datasets_path: Path) -> Any:
    try:
        return importlib.import_module(f"keras.datasets.{loader}").load_data()
    except Exception as error:  # the loader lets through whatever its transport and its formats raise
        raise DatasetNotFetched(
            f"The full {dataset.name} is needed and could not be fetched ({error}). "
            f"{dataset.origin.how_to_provide(dataset, datasets_path)}"
        ) from error
