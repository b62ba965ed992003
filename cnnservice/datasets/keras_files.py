"""The whole data set in the files of a Keras loader, which alone reads them; kept as arrays once it has."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cnnservice.datasets.checksums import Algorithm, file_checksum
from cnnservice.datasets.dataset import Arrays, Dataset
from cnnservice.datasets.errors import WrongChecksum
from cnnservice.datasets.stored import array_path, map_arrays, missing_arrays, whole_file


@dataclass(frozen=True)
class KerasFiles:
    """What a loader of keras.datasets fetches where it is no .npz.

    checksums are, by the path under datasets_path that the loader keeps a file at, those that its publisher tells;
    published_as the names of the files as they are published, where the loader's are others. The worker stores what
    the loader makes of them as arrays, so that they are memory-mapped ever after, by processes that have no Keras.
    """

    keras_loader: str
    algorithm: Algorithm
    checksums: Mapping[str, str]
    published_as: Mapping[str, str]

    def are_placed(self, datasets_path: Path) -> bool:
        """Whether the loader's own files lie there, each the right one: it will fetch nothing."""
        return all(
            file_checksum(datasets_path / path, self.algorithm) == expected for path, expected in self.checksums.items()
        )

    def set_wrong_aside(self, datasets_path: Path) -> None:
        """Rename files that are not the right ones, so that nothing reads them and nothing is lost."""
        for path, expected in self.checksums.items():
            if file_checksum(datasets_path / path, self.algorithm) not in (None, expected):
                (datasets_path / path).replace(datasets_path / f"{path}.wrong")

    def is_here(self, dataset: Dataset, datasets_path: Path) -> bool:
        """See Origin: whether the arrays are stored."""
        return not missing_arrays(self._folder(dataset, datasets_path), dataset.keys)

    def open(self, dataset: Dataset, datasets_path: Path) -> Arrays:
        """See Origin."""
        return map_arrays(self._folder(dataset, datasets_path), dataset.keys)

    def store(self, dataset: Dataset, datasets_path: Path, arrays: Arrays) -> None:
        """Keep what the loader gave: x_<split> (n, H, W) or (n, H, W, C) uint8, y_<split> (n,) or (n, 1)."""
        for key in dataset.keys:
            with whole_file(array_path(self._folder(dataset, datasets_path), key)) as file:
                np.save(file, np.ascontiguousarray(arrays[key]), allow_pickle=False)

    def how_to_provide(self, dataset: Dataset, datasets_path: Path) -> str:
        """See Origin."""
        places = "; ".join(
            f"{self.published_as.get(path, Path(path).name)} ({self.algorithm} {checksum}) "
            f"as {datasets_path.absolute() / path}"
            for path, checksum in self.checksums.items()
        )
        return (
            f"The full set is fetched by the worker when a job needs it. To provide {dataset.name} by hand, place the "
            f"files of keras.datasets.{self.keras_loader} and start the train worker again: {places}."
        )

    def wrong_file(self, datasets_path: Path, advice: str) -> WrongChecksum | None:
        """See Origin."""
        for path, expected in self.checksums.items():
            actual = file_checksum(datasets_path / path, self.algorithm)
            if actual not in (None, expected):
                whole = datasets_path.absolute() / path
                return WrongChecksum(whole, self.algorithm, expected=expected, actual=str(actual), advice=advice)
        return None

    def _folder(self, dataset: Dataset, datasets_path: Path) -> Path:
        # Named by what the arrays were made of: those of other files are never read.
        digest = hashlib.sha256(" ".join(self.checksums.values()).encode()).hexdigest()
        return datasets_path / dataset.name / digest[:16]
