"""The data sets by name. Adding one is a file like mnist.py and its entry here."""

from __future__ import annotations

from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.datasets.mnist import MNIST

__all__ = ["DATASETS", "Dataset", "UnknownDataset", "get_dataset"]

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (MNIST,)}


def get_dataset(name: str) -> Dataset:
    """The data set of that name. Raises UnknownDataset."""
    if name not in DATASETS:
        raise UnknownDataset(name, known=sorted(DATASETS))
    return DATASETS[name]
