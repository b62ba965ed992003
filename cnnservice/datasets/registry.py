"""The data sets that are built in, by name. Adding one is a file like mnist.py and its entry here."""

from __future__ import annotations

from cnnservice.datasets.cifar10 import CIFAR10
from cnnservice.datasets.dataset import Dataset
from cnnservice.datasets.fashion_mnist import FASHION_MNIST
from cnnservice.datasets.mnist import MNIST

DATASETS: dict[str, Dataset] = {dataset.name: dataset for dataset in (MNIST, FASHION_MNIST, CIFAR10)}
