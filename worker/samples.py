"""The images of a model's own training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.arrays import DatasetArrays
from cnnservice.datasets.preprocessing import one_hot
from cnnservice.models import Snapshot
from worker.app import Resources

Samples = tuple[NDArray[np.float32], NDArray[np.float32]]


def test_split(parts: Resources, snapshot: Snapshot) -> Samples:
    """The test images it is judged by (n, H, W, C), normalised as in training, and their labels one-hot."""
    arrays = parts.catalogue.open(snapshot.dataset, test_samples=snapshot.spec.test_samples)
    return _samples(snapshot, arrays, "test")


def train_split(parts: Resources, snapshot: Snapshot, most: int) -> Samples:
    """The first images it was trained on, as many as there are up to `most`; as test_split gives them."""
    count = min(most, snapshot.spec.train_samples)
    return _samples(snapshot, parts.catalogue.open(snapshot.dataset, train_samples=count), "train")


def _samples(snapshot: Snapshot, arrays: DatasetArrays, split: str) -> Samples:
    return snapshot.normalizer.apply(arrays.images(split)), one_hot(arrays.labels(split), len(snapshot.dataset.classes))
