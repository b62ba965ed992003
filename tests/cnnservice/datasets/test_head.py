"""The head: whole in memory once, unchangeable, and counted without reading it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy
from numpy.typing import NDArray

from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.head import head_count, load_head


def test_the_head_is_what_was_stored(small: Dataset, small_arrays: dict[str, NDArray[np.uint8]]) -> None:
    assert small.head is not None
    arrays = load_head(small.head)
    assert arrays.keys() == small_arrays.keys()
    for key, count in {"x_train": 7, "y_train": 7, "x_test": 3, "y_test": 3}.items():
        np.testing.assert_array_equal(arrays[key], small_arrays[key][:count], strict=True)


def test_it_is_read_once_and_cannot_be_written(small: Dataset) -> None:
    assert small.head is not None
    arrays = load_head(small.head)
    assert load_head(small.head)["x_train"] is arrays["x_train"]
    for array in arrays.values():
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_the_count_is_that_of_each_split(small: Dataset) -> None:
    assert small.head is not None
    assert {split: head_count(small.head, split) for split in small.splits} == {"train": 7, "test": 3}


def test_the_count_needs_no_array(tmp_path: Path) -> None:
    # Only a header is there, and it promises more labels than there is memory.
    path = tmp_path / "head.npz"
    with zipfile.ZipFile(path, "w") as archive, archive.open("y_train.npy", "w") as labels:
        npy.write_array_header_1_0(labels, {"descr": "|u1", "fortran_order": False, "shape": (10**15,)})
    assert head_count(path, "train") == 10**15


def test_a_head_with_pickled_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "head.npz"
    np.savez(path, y_train=np.array([{"any": "object"}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_head(path)
