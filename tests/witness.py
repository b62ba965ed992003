"""What a job has left behind, read from database and store rather than asked of the service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from cnnservice import job_queries
from cnnservice.database.engine import Database
from cnnservice.models import stored_file
from cnnservice.weights import CheckpointStore
from live import Stack, wait_until

# Everything that could differ after an interruption: random states, moving averages, slots, a schedule.
DELICATE: dict[str, Any] = {
    "dataset": "mnist",
    "epochs": 24,
    "train_samples": 2560,
    "test_samples": 64,
    "compile": {
        "optimizer": {
            "name": "adam",
            "learning_rate": {"name": "exponential_decay", "initial_learning_rate": 0.01, "decay_steps": 10,
                              "decay_rate": 0.9},
        }
    },
    "architecture": {
        "layers": [
            {"type": "conv2d", "name": "Conv1", "filters": 8, "kernel_size": 5, "activation": "relu"},
            {"type": "batch_normalization"},
            {"type": "max_pooling2d"},
            {"type": "flatten"},
            {"type": "dropout", "rate": 0.3},
            {"type": "dense", "units": 10, "activation": "softmax"},
        ]
    },
}  # fmt: skip
TINY: dict[str, Any] = {
    "dataset": "mnist",
    "epochs": 1,
    "train_samples": 64,
    "test_samples": 16,
    "architecture": {"layers": [{"type": "flatten"}, {"type": "dense", "units": 10, "activation": "softmax"}]},
}


@dataclass(frozen=True)
class Kept:
    """A stored epoch: where it is, what it must be, what was measured."""

    path: str
    sha256: str
    metrics: dict[str, float]


class Witness:
    """Reads a stack's own database and store."""

    def __init__(self, stack: Stack) -> None:
        self._database = Database(stack.settings.resolved_database_url)
        self._store = CheckpointStore(stack.store)

    def epochs(self, job_id: str) -> list[Kept]:
        """Every epoch that is published; they must be numbered from 0 without a gap."""
        rows = job_queries.list_epochs(self._database, job_id)
        assert [row.epoch for row in rows] == list(range(len(rows)))
        return [Kept(row.path, row.header_sha256, row.metrics) for row in rows]

    def kept(self, job_id: str) -> list[int]:
        """The epochs whose weights are there."""
        return list(job_queries.kept_epochs(self._database, job_id))

    def states(self, job_id: str) -> list[dict[str, NDArray[Any]]]:
        """The whole content of each epoch's checkpoint, checked: weights, optimizer, random states."""
        files = [stored_file(row) for row in job_queries.list_epochs(self._database, job_id)]
        return [self._store.read(file, self._store.header(file).tensors) for file in files]

    def training(self, job_id: str) -> Training:
        """What came of a job."""
        return Training([kept.metrics for kept in self.epochs(job_id)], self.states(job_id))

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()


@dataclass(frozen=True)
class Training:
    """All that came of a training, epoch by epoch."""

    metrics: list[dict[str, float]]
    states: list[dict[str, NDArray[Any]]]


def assert_same_training(undisturbed: Training, found_by: Witness, job_id: str) -> None:
    """Each of a job's epochs is bit for bit that of an undisturbed training, which may have gone on for longer."""
    states = found_by.states(job_id)
    assert [kept.metrics for kept in found_by.epochs(job_id)] == undisturbed.metrics[: len(states)]
    for expected, found in zip(undisturbed.states, states, strict=False):
        assert expected.keys() == found.keys()
        for name, tensor in expected.items():
            np.testing.assert_array_equal(tensor, found[name], err_msg=name, strict=True)


def post(client: httpx.Client, spec: dict[str, Any], **changes: Any) -> str:
    """The id of a job that was accepted."""
    response = client.post("/v1/jobs", json={**spec, **changes})
    assert response.status_code == 202, response.text
    identity: str = response.json()["id"]
    return identity


def job_of(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job as it is; asked again while the service is away."""

    def ask() -> dict[str, Any] | None:
        try:
            response = client.get(f"/v1/jobs/{job_id}")
        except httpx.TransportError:
            return None
        assert response.status_code in (200, 503), response.text
        job: dict[str, Any] | None = response.json() if response.status_code == 200 else None
        return job

    return wait_until(ask, "an answer about a job")


def wait_for(client: httpx.Client, job_id: str, epochs: int) -> dict[str, Any]:
    """The job, once it has so many epochs."""

    def has() -> dict[str, Any] | None:
        job = job_of(client, job_id)
        assert job["status"] in ("queued", "running", "succeeded"), job["error"]
        return job if job["epochs_done"] >= epochs else None

    return wait_until(has, f"epoch {epochs} of job {job_id}")


def ended(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job, once it has ended."""

    def has_ended() -> dict[str, Any] | None:
        job = job_of(client, job_id)
        return job if job["status"] in ("succeeded", "failed", "cancelled") else None

    return wait_until(has_ended, f"job {job_id} to end", 600)


def succeeded(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job, once it has ended well."""
    job = ended(client, job_id)
    assert job["status"] == "succeeded", job["error"]
    return job
