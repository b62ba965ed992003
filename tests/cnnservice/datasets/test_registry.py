"""Data sets are found by name, and an unknown name is answered with the known ones."""

from __future__ import annotations

import re

import pytest

from cnnservice.datasets.catalogue import Catalogue
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.datasets.keras_files import KerasFiles
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.references import DatasetReference, parse_reference
from cnnservice.datasets.registry import DATASETS


def test_what_is_built_in_is_there(catalogue: Catalogue) -> None:
    assert catalogue.get("mnist") is MNIST
    assert [dataset.name for dataset in catalogue.all()] == ["mnist", "fashion_mnist", "cifar10"]


@pytest.mark.parametrize("name", ["", "MNIST", "mnist ", "../mnist", "cifar1000"])
def test_an_unknown_name_is_answered_with_the_known(name: str, catalogue: Catalogue) -> None:
    with pytest.raises(UnknownDataset, match=f"{re.escape(repr(name))}; there are: .*mnist"):
        catalogue.get(name)


@pytest.mark.parametrize("name", DATASETS)
def test_every_entry_is_of_use(name: str) -> None:
    dataset = DATASETS[name]
    assert dataset.name == name
    assert parse_reference(f"{name}:train:0") == DatasetReference(name, "train", 0)
    if isinstance(dataset.origin, KerasFiles):
        length = {"md5": 32, "sha256": 64}[dataset.origin.algorithm]
        assert all(re.fullmatch(f"[0-9a-f]{{{length}}}", checksum) for checksum in dataset.origin.checksums.values())
    assert dataset.splits.keys() == {"train", "test"}
    assert dataset.shape[2] in (1, 3)
    assert dataset.head is None or dataset.head.is_file()
