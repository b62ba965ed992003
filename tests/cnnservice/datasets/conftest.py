"""A small data set made here, with a head and an archive of its own, and one real digit."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.datasets.archive import NpzArchive
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.mnist import MNIST
from cnnservice.store import open_store


@pytest.fixture(scope="session")
def small_arrays() -> dict[str, NDArray[np.uint8]]:
    """50 and 20 images, higher than wide, no two alike."""
    rng = np.random.default_rng(5)
    return {
        "x_train": rng.integers(0, 256, (50, 6, 5), np.uint8),
        "y_train": rng.integers(0, 3, 50, np.uint8),
        "x_test": rng.integers(0, 256, (20, 6, 5), np.uint8),
        "y_test": rng.integers(0, 3, 20, np.uint8),
    }


@pytest.fixture(scope="session")
def small_archive(small_arrays: dict[str, NDArray[np.uint8]]) -> bytes:
    """The whole small set as an .npz."""
    file = BytesIO()
    np.savez_compressed(file, allow_pickle=False, **small_arrays)
    return file.getvalue()


@pytest.fixture(scope="session")
def small(
    small_arrays: dict[str, NDArray[np.uint8]], small_archive: bytes, tmp_path_factory: pytest.TempPathFactory
) -> Dataset:
    """Its entry, with a head of 7 and 3 images."""
    head = tmp_path_factory.mktemp("head") / "small_head.npz"
    kept = {"train": 7, "test": 3}
    np.savez_compressed(
        head, allow_pickle=False, **{key: array[: kept[key[2:]]] for key, array in small_arrays.items()}
    )
    return Dataset(
        name="small",
        shape=(6, 5, 1),
        classes=("a", "b", "c"),
        splits={"train": 50, "test": 20},
        source="made here",
        licence="none",
        origin=NpzArchive("small.npz", hashlib.sha256(small_archive).hexdigest(), "small_loader"),
        head=head,
    )


@pytest.fixture
def provided(tmp_path: Path, small_archive: bytes) -> Path:
    """A datasets_path with the small set's archive."""
    (tmp_path / "small.npz").write_bytes(small_archive)
    return tmp_path


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    """One with nothing uploaded yet, and no files of Keras."""
    database = Database(f"sqlite:///{tmp_path / 'catalogue.db'}")
    upgrade(database)
    yield Catalogue(database, open_store((tmp_path / "artifacts").as_uri()), tmp_path / "datasets")
    database.close()


@pytest.fixture(scope="session")
def digits() -> NDArray[np.uint8]:
    """The shipped test images, (1000, 28, 28)."""
    assert MNIST.head is not None
    with np.load(MNIST.head) as archive:
        return np.asarray(archive["x_test"], np.uint8)


@pytest.fixture(scope="session")
def digit(digits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The first of them, a seven, (28, 28)."""
    return np.array(digits[0])
