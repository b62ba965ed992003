"""The whole data set in one .npz, placed or fetched: checked, unpacked and memory-mapped."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from pathlib import Path

import numpy as np

from cnnservice.datasets.checksums import file_checksum
from cnnservice.datasets.dataset import Arrays, Dataset
from cnnservice.datasets.errors import WrongChecksum
from cnnservice.datasets.npy import read_header
from cnnservice.datasets.stored import array_path, map_arrays, missing_arrays, whole_file


@dataclass(frozen=True)
class NpzArchive:
    """The .npz of x_<split> and y_<split> that a loader of keras.datasets fetches.

    file is its name, sha256 its checksum, contents_sha256 that of the numbers in it, x before y and the splits in
    their order, for the same arrays packed by another hand; keras_loader the module of keras.datasets.
    """

    file: str
    sha256: str
    keras_loader: str
    contents_sha256: str | None = None

    def path(self, datasets_path: Path) -> Path:
        """Where the archive lies or is to be placed, absolute."""
        return datasets_path.absolute() / self.file

    def checksum(self, datasets_path: Path) -> str | None:
        """The sha256 of the archive that lies there, None where none does."""
        return file_checksum(self.path(datasets_path), "sha256")

    def is_here(self, dataset: Dataset, datasets_path: Path) -> bool:
        """Whether the right archive lies there: Keras' own file, or one that holds the same arrays, packed otherwise.

        No image is read; the archive's checksum is computed when it was not seen before.
        """
        checksum = self.checksum(datasets_path)
        if checksum is None or self.contents_sha256 is None or checksum == self.sha256:
            return checksum == self.sha256
        return _contents_sha256(self.path(datasets_path), checksum, dataset) == self.contents_sha256

    def open(self, dataset: Dataset, datasets_path: Path) -> Arrays:
        """The archive's arrays, memory-mapped. The archive's checksum must have been found right.

        The first call unpacks them beside the archive, into a folder named by its checksum: that of another archive
        is never read.
        """
        folder = datasets_path / dataset.name / self.sha256[:16]
        if missing := missing_arrays(folder, dataset.keys):
            with zipfile.ZipFile(self.path(datasets_path)) as archive:
                for key in missing:
                    target = array_path(folder, key)
                    with archive.open(target.name) as member, whole_file(target) as file:
                        shutil.copyfileobj(member, file, 1 << 20)
        return map_arrays(folder, dataset.keys)

    def how_to_provide(self, dataset: Dataset, datasets_path: Path) -> str:  # noqa: ARG002 - see Origin
        """See Origin."""
        advice = (
            "The full set is fetched by the worker when a job needs it. To provide it by hand, place the file "
            f"{self.file} (the one of keras.datasets.{self.keras_loader}, with sha256 {self.sha256}) "
            f"at {self.path(datasets_path)}."
        )
        actual = self.checksum(datasets_path)
        return advice if actual is None else f"{advice} The file that lies there has sha256 {actual}."

    def wrong_file(self, datasets_path: Path, advice: str) -> WrongChecksum | None:
        """See Origin."""
        actual = self.checksum(datasets_path)
        if actual is None:
            return None
        # The general advice says where the file goes and its checksum, which this error names already.
        advice = f"{advice} The right one is the file {self.file} of keras.datasets.{self.keras_loader}."
        return WrongChecksum(self.path(datasets_path), "sha256", expected=self.sha256, actual=actual, advice=advice)


@lru_cache(maxsize=16)
def _contents_sha256(path: Path, checksum: str, dataset: Dataset) -> str | None:  # noqa: ARG001 - tells one state
    """The sha256 over the arrays' numbers, in the order of the keys; None where they have other shapes.

    No more is unpacked than the arrays should have, whatever the archive says of itself.
    """
    digest = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive:
            for key in dataset.keys:
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
