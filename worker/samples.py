"""The images a model is judged by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cnnservice.datasets.preprocessing import one_hot
from cnnservice.models import Snapshot
from worker.app import Resources


def test_split(parts: Resources, snapshot: Snapshot) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The test images of a model's own training (n, H, W, C), normalised as there, and their labels one-hot."""
    dataset, count = snapshot.dataset, snapshot.spec.test_samples
    arrays = parts.catalogue.open(dataset, test_samples=count)
    images = snapshot.normalizer.apply(arrays.images("test"))
    return images, one_hot(arrays.labels("test"), len(dataset.classes))
