"""Clients cancel, delete and read the same job at once: one end, and every answer says what is true."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from live import Stack
from witness import DELICATE, post, wait_for

SPEC = {**DELICATE, "epochs": 200}
CLIENTS = 6


@pytest.mark.parametrize("moment", ["waiting", "running"])
def test_there_is_one_end_and_no_500(client: httpx.Client, stack: Stack, full: bool, moment: str) -> None:
    for number in range(8 if full else 2):
        holder = post(client, SPEC) if moment == "waiting" else None
        job = post(client, SPEC)
        if moment == "running":
            wait_for(client, job, 1)
        with ThreadPoolExecutor(CLIENTS) as clients:
            start = threading.Barrier(CLIENTS)
            answers = [
                answer
                for share in clients.map(lambda seed: _meddle(stack, job, start, seed), range(CLIENTS))  # noqa: B023
                for answer in share
            ]
        for answer in answers:
            request = answer.request
            assert answer.status_code in (200, 202, 204, 404, 409), f"{request.method} {request.url}: {answer.text}"
        deleted = [answer for answer in answers if answer.request.method == "DELETE" and answer.status_code == 204]
        assert len(deleted) == 1, f"round {number}"
        for path in (f"/v1/jobs/{job}", f"/v1/models/{job}", f"/v1/models/{job}/layers/Conv1/filters.png"):
            assert client.get(path).json()["type"] == "/problems/unknown-job"
        assert stack.files(f"models/{job}/") == []
        if holder is not None:
            client.post(f"/v1/jobs/{holder}/cancel")


def _meddle(stack: Stack, job: str, start: threading.Barrier, seed: int) -> list[httpx.Response]:
    """Cancel once, and read and delete at random until it is gone."""
    at_random = random.Random(seed)
    answers = []
    with stack.client as client:
        requests = [
            lambda: client.get(f"/v1/jobs/{job}"),
            lambda: client.get(f"/v1/models/{job}/layers/Conv1/filters.png?epoch=0"),
            lambda: client.get(f"/v1/models/{job}/layers/Conv1/activations.json?image=mnist:test:0"),
            lambda: client.get(f"/v1/models/{job}/history.json"),
            lambda: client.delete(f"/v1/jobs/{job}"),
            lambda: client.post(f"/v1/jobs/{job}/cancel"),
        ]
        start.wait()
        answers.append(client.post(f"/v1/jobs/{job}/cancel"))
        while answers[-1].status_code != 404 or "unknown-job" not in answers[-1].text:
            answers.append(at_random.choice(requests)())
    return answers
