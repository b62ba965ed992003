"""A small real data set and a way to train on it in this very process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from cnnservice.datasets.arrays import open_arrays
from cnnservice.datasets.mnist import MNIST
from cnnservice.datasets.preprocessing import Normalizer, one_hot
from cnnservice.nn.training import Samples, State


@dataclass
class Record:
    """An observer that keeps what it is told; stops after a batch where it is asked to."""

    stop_at: tuple[int, int] | None = None
    states: dict[int, State] = field(default_factory=dict)
    metrics: dict[int, dict[str, float]] = field(default_factory=dict)
    _seen: tuple[int, int] = (0, 0)

    def should_stop(self) -> bool:
        return self.stop_at is not None and self._seen >= self.stop_at

    def batch_ended(self, epoch: int, step: int, steps: int, read_metrics: Callable[[], dict[str, float]]) -> None:
        self._seen = (epoch, step)

    def epoch_ended(self, epoch: int, state: State, metrics: dict[str, float], seconds: float) -> None:
        self.states[epoch], self.metrics[epoch] = state, metrics


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """The first 200 training and 50 test images of MNIST."""
    arrays = open_arrays(MNIST, tmp_path_factory.mktemp("none"), train_samples=200, test_samples=50)
    scale = Normalizer("minus_one_one").apply
    (x, y), (x_test, y_test) = ((scale(arrays.images(s)), one_hot(arrays.labels(s), 10)) for s in ("train", "test"))
    return Samples(x, y, x_test, y_test)


def weights(state: State) -> dict[str, np.ndarray[Any, Any]]:
    """A state's model variables."""
    return {name: array for name, array in state.items() if name.startswith("model/")}
