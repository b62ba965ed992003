"""Data sets are found by name, and an unknown name is answered with the known ones."""

from __future__ import annotations

import re

import pytest

from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.references import DatasetReference, parse_reference
from cnnservice.datasets.registry import DATASETS, UnknownDataset, get_dataset


def test_mnist_is_there() -> None:
    assert get_dataset("mnist") is MNIST


@pytest.mark.parametrize("name", ["", "MNIST", "mnist ", "../mnist", "cifar1000"])
def test_an_unknown_name_is_answered_with_the_known(name: str) -> None:
    with pytest.raises(UnknownDataset, match=f"{re.escape(repr(name))}; there are: .*mnist"):
        get_dataset(name)


@pytest.mark.parametrize("name", DATASETS)
def test_every_entry_is_of_use(name: str) -> None:
    dataset = DATASETS[name]
    assert dataset.name == name
    assert parse_reference(f"{name}:train:0") == DatasetReference(name, "train", 0)
    assert re.fullmatch("[0-9a-f]{64}", dataset.sha256)
    assert dataset.splits.keys() == {"train", "test"}
    assert dataset.shape[2] in (1, 3)
    assert dataset.head is None or dataset.head.is_file()
