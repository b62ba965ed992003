"""The same service on PostgreSQL and Redis: a job, a look inside, and a worker that is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import load_file

from live import Stack, start_stack, train, wait_for_end, wait_until
from servers import postgresql, redis_server

SPEC = {
    "epochs": 4,
    "train_samples": 1280,
    "test_samples": 64,
    "compile": {"optimizer": {"name": "adam"}},
    "architecture": {
        "layers": [
            {"type": "conv2d", "name": "Conv1", "filters": 8, "kernel_size": 5, "activation": "relu"},
            {"type": "max_pooling2d"},
            {"type": "flatten"},
            {"type": "dropout", "rate": 0.3},
            {"type": "dense", "units": 10, "activation": "softmax"},
        ]
    },
}


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    data = tmp_path_factory.mktemp("other") / "data"
    with postgresql() as database_url, redis_server() as redis_url:
        # Short leases, so that a worker that is killed is missed soon.
        stack = start_stack(data, database_url=database_url, redis_url=redis_url, lease_seconds="10")
        yield stack
        assert stack.stop() == 0


def final_state(stack: Stack, job: dict[str, Any]) -> dict[str, np.ndarray[Any, Any]]:
    (path,) = stack.data_dir.glob(f"artifacts/models/{job['id']}/*/epoch-{job['epochs']:05d}.safetensors")
    state: dict[str, np.ndarray[Any, Any]] = load_file(path)
    return state


def train_children(stack: Stack) -> list[int]:
    """Processes of this stack's train worker: the worker and the child that trains."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if (folder / "cmdline").read_bytes().split(b"\0")[1:4] == [b"-m", b"worker", b"train"]:
                environment = (folder / "environ").read_bytes()
                if f"CNNSERVICE_DATA_DIR={stack.data_dir}".encode() in environment.split(b"\0"):
                    found.append(int(folder.name))
        except (OSError, ValueError):
            continue
    return found


def test_a_job_runs_and_is_looked_into(other: Stack) -> None:
    assert not (other.data_dir / "cnnservice.db").exists()
    assert not (other.data_dir / "valkey").exists()
    with other.client as client:
        job = train(client, **SPEC, tags=["here"])
        assert job["status"] == "succeeded", job["error"]
        assert job["attempt"] == 1
        model = f"/v1/models/{job['id']}"
        for path in ("/layers/Conv1/filters.png", "/layers/Conv1/animation.html", "/history.csv"):
            assert client.get(model + path).status_code == 200
        predictions = client.get(f"{model}/predictions.json?image=mnist:test:0").json()
        assert sum(predictions["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert [each["id"] for each in client.get("/v1/jobs?tag=here").json()["items"]] == [job["id"]]
        key = {"Idempotency-Key": "k"}
        posts = [client.post("/v1/jobs", json={"dataset": "mnist", "epochs": 1}, headers=key) for _ in range(2)]
        assert posts[0].json()["id"] == posts[1].json()["id"]
        client.post(f"/v1/jobs/{posts[0].json()['id']}/cancel")
        wait_for_end(client, posts[0].json()["id"])
        assert client.delete(f"/v1/jobs/{posts[0].json()['id']}").status_code == 204


@pytest.mark.parametrize("victim", ["child", "worker"])
def test_a_killed_worker_is_replaced_and_the_result_is_the_same_bit_for_bit(other: Stack, victim: str) -> None:
    with other.client as client:
        undisturbed = train(client, **SPEC)
        job = client.post("/v1/jobs", json={"dataset": "mnist", **SPEC}).json()
        _wait_for_epochs(client, job["id"], 2)
        processes = sorted(train_children(other))
        os.kill(processes[-1] if victim == "child" else processes[0], signal.SIGKILL)
        ended = wait_for_end(client, job["id"])
        assert ended["status"] == "succeeded", ended["error"]
        assert ended["attempt"] >= 2
        one, two = final_state(other, undisturbed), final_state(other, job)
        assert one.keys() == two.keys()
        for name, tensor in one.items():
            np.testing.assert_array_equal(tensor, two[name], err_msg=name)
        history = [client.get(f"/v1/models/{each['id']}/history.json").json() for each in (undisturbed, job)]
        assert history[0]["history"] == history[1]["history"]
        assert history[1]["epoch"] == [1, 2, 3, 4]


def _wait_for_epochs(client: httpx.Client, job_id: str, epochs: int) -> None:
    wait_until(lambda: client.get(f"/v1/jobs/{job_id}").json()["epochs_done"] >= epochs, f"{epochs} epochs")
