"""An inspect worker that dies, or whose message is lost, leaves a long computation to the next one."""

from __future__ import annotations

import os
import signal

import httpx
import pytest

import computing
from cnnservice.broker import INSPECT_QUEUE, connect
from live import Stack
from places import Place


@pytest.fixture(scope="module")
def wide(place: Place) -> str:
    with place.stack.client as client:
        return computing.train_wide(client)


@pytest.mark.parametrize(
    ("number", "attempt"), [(signal.SIGKILL, 2), pytest.param(signal.SIGTERM, 1, marks=pytest.mark.full)]
)
def test_what_a_worker_leaves_undone_the_next_one_does(
    client: httpx.Client, stack: Stack, wide: str, number: int, attempt: int
) -> None:
    links = computing.begun(client, wide, 10 + attempt)
    (worker,) = stack.pids("worker", "inspect")
    os.kill(worker, number)
    document = computing.ended(client, links["self"])
    assert (document["status"], document["attempt"]) == ("succeeded", attempt)
    assert client.get(links["result"]).status_code == 200


@pytest.mark.full
def test_one_whose_message_is_lost_is_done_all_the_same(client: httpx.Client, stack: Stack, wide: str) -> None:
    (worker,) = stack.pids("worker", "inspect")
    os.kill(worker, signal.SIGSTOP)
    links = client.get(computing.place(wide, "Wide"), params={"count": 1, "wait": 0}).json()["links"]
    # The message waits in the broker, or was handed to the worker that dies with it.
    connect(stack.settings).delete(INSPECT_QUEUE)
    os.kill(worker, signal.SIGKILL)
    assert computing.ended(client, links["self"])["status"] == "succeeded"
