"""A network over its test split."""

from __future__ import annotations

import numpy as np

from worker.operations.computation import Arrays, Computation
from worker.samples import test_split


def evaluation(computation: Computation) -> Arrays:
    """probabilities (n, classes) and the loss () of the test split."""
    from cnnservice.nn.evaluation import evaluate

    images, labels = test_split(computation.parts, computation.snapshot)
    probabilities, loss = evaluate(computation.model, computation.snapshot.spec.compile, images, labels)
    return {"probabilities": probabilities, "loss": np.array(loss, np.float64)}
