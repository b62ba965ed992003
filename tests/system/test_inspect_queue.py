"""Requests that wait for one inspect worker: answered together, and each as if it were alone."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any

import httpx
import pytest

from cnnservice.broker import INSPECT_QUEUE, connect
from cnnservice.inspection import WAITING
from live import Stack, train, wait_until

SPEC: dict[str, Any] = {"train_samples": 128, "test_samples": 32, "epochs": 2}


@pytest.fixture(scope="module")
def models(client: httpx.Client) -> list[str]:
    return [train(client, **SPEC, seed=seed)["id"] for seed in (1, 2)]


def test_of_many_at_once_each_gets_the_bytes_that_it_would_get_alone(stack: Stack, models: list[str]) -> None:
    paths = [
        f"/v1/models/{model}/{what}image=mnist:test:{image}&epoch={epoch}"
        for model, epoch, image in product(models, (1, 2), range(6))
        for what in ("layers/FC1/activations.npy?", "layers/Conv2/activations.png?", "predictions.json?")
    ]
    with stack.client as client:
        alone = [client.get(path) for path in paths]
        with ThreadPoolExecutor(16) as clients:
            together = list(clients.map(client.get, paths))
    for one, other in zip(alone, together, strict=True):
        assert one.status_code == other.status_code == 200
        assert one.content == other.content, f"{one.url} has one ETag and two contents"
        assert one.headers["etag"] == other.headers["etag"]


def test_what_waits_is_answered_by_the_worker_that_comes_after_one_was_killed(stack: Stack, models: list[str]) -> None:
    path = f"/v1/models/{models[0]}/layers/Conv1/activations.json?image=mnist:test:1"
    (worker,) = stack.pids("worker", "inspect")
    os.kill(worker, signal.SIGSTOP)
    with ThreadPoolExecutor(4) as clients, stack.client as client:
        waiting = [clients.submit(client.get, f"{path}&start={number}&count=1") for number in range(4)]
        # It may have taken some of them, or the message that was to wake it, and dies with what it has taken.
        broker = connect(stack.settings)
        assert wait_until(lambda: broker.llen(WAITING) or broker.llen(INSPECT_QUEUE), "the requests")
        os.kill(worker, signal.SIGKILL)
        assert [answer.result().status_code for answer in waiting] == [200] * 4
    assert wait_until(lambda: stack.pids("worker", "inspect"), "the next worker") != [worker]


def test_an_error_of_one_is_no_error_of_those_beside_it(stack: Stack, models: list[str]) -> None:
    """A model whose weights are gone, and one that is whole, asked for at the same time."""
    with stack.client as client:
        broken = train(client, **SPEC, seed=3)["id"]
        stack.write(stack.epoch_path(broken, 1), b"")
        paths = [
            f"/v1/models/{model}/predictions.json?image=mnist:test:{image}&epoch=1"
            for image in range(8)
            for model in (models[0], broken)
        ]
        with ThreadPoolExecutor(16) as clients:
            statuses = [answer.status_code for answer in clients.map(client.get, paths)]
        assert statuses == [200, 500] * 8
        client.delete(f"/v1/jobs/{broken}")
