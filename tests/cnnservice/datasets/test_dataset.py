"""An entry says what a data set is, and stays as it is."""

from __future__ import annotations

import dataclasses

import pytest

from cnnservice.datasets.archive import NpzArchive
from cnnservice.datasets.dataset import Dataset


def test_an_entry_cannot_be_changed(small: Dataset) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        small.name = "other"  # type: ignore[misc]


def test_without_more_said_images_are_bytes_on_black_and_nothing_is_shipped() -> None:
    entry = Dataset("n", (1, 1, 1), ("a",), {"train": 1, "test": 1}, "s", "l", NpzArchive("n.npz", "0" * 64, "n"))
    assert (entry.head, entry.dtype, entry.background) == (None, "uint8", 0)


def test_arrays_are_named_images_before_labels_and_training_before_testing(small: Dataset) -> None:
    assert small.keys == ("x_train", "y_train", "x_test", "y_test")
