"""The API is killed again and again amid a burst of jobs whose clients try again with the same key."""

from __future__ import annotations

import os
import random
import signal
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx

from live import Stack, wait_until
from witness import TINY, Witness, succeeded

CLIENTS = 8


def test_every_acknowledged_job_is_there_once_and_runs_once(
    client: httpx.Client, stack: Stack, witness: Witness, full: bool
) -> None:
    jobs, kills = (200, 5) if full else (16, 2)
    tag = uuid.uuid4().hex
    acknowledged: list[str] = []

    def post_share(_: int) -> None:
        with stack.client as mine:
            for _ in range(jobs // CLIENTS):
                acknowledged.append(_post_until_acknowledged(mine, tag))

    at_random = random.Random(0)
    with ThreadPoolExecutor(CLIENTS) as clients:
        burst = [clients.submit(post_share, number) for number in range(CLIENTS)]
        for kill in range(kills):
            share = jobs * (kill + 1) // (kills + 1)
            wait_until(lambda: len(acknowledged) >= share, "a part of the burst")  # noqa: B023
            threading.Event().wait(at_random.uniform(0, 0.05))
            for pid in stack.pids("api"):
                os.kill(pid, signal.SIGKILL)
        for each in burst:
            each.result()
    assert len(acknowledged) == len(set(acknowledged)) == jobs
    succeeded(client, acknowledged[-1])
    assert sorted(_listed(client, tag)) == sorted(acknowledged)
    for job in acknowledged:
        assert succeeded(client, job)["attempt"] == 1
        assert len(witness.epochs(job)) == 2
        assert {path.split("/")[2] for path in stack.files(f"models/{job}/")} == {"t1"}, "it ran more than once"


def _post_until_acknowledged(client: httpx.Client, tag: str) -> str:
    key = {"Idempotency-Key": str(uuid.uuid4())}

    def post() -> str | None:
        try:
            response = client.post("/v1/jobs", json={**TINY, "tags": [tag]}, headers=key)
        except httpx.TransportError:
            return None
        assert response.status_code in (202, 503), response.text
        identity: str | None = response.json().get("id")
        return identity

    return wait_until(post, "an acknowledgement")


def _listed(client: httpx.Client, tag: str) -> list[str]:
    found: list[str] = []
    cursor: str | None = None
    while not found or cursor:
        page = client.get("/v1/jobs", params={"tag": tag, **({"cursor": cursor} if cursor else {})}).json()
        found += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
    return found
