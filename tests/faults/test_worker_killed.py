"""Workers are killed with SIGKILL: the job ends by itself, as if nothing had been."""

from __future__ import annotations

import os
import random
import signal

import httpx
import numpy as np
import pytest

from live import Stack, wait_until
from witness import DELICATE, Kept, Witness, assert_same_training, job_of, post, succeeded

LONG = {**DELICATE, "epochs": 16}


@pytest.mark.everywhere
def test_killed_at_random_moments_jobs_end_as_if_nothing_had_been(
    client: httpx.Client, stack: Stack, witness: Witness, full: bool
) -> None:
    jobs, kills = (4, 20) if full else (2, 3)
    undisturbed = post(client, LONG)
    succeeded(client, undisturbed)
    waiting = [post(client, LONG) for _ in range(jobs)]
    at_random = random.Random(0)
    seen: dict[str, list[Kept]] = {}
    killed: list[str] = []
    for number in range(kills):
        # With every kill the last one's job may be done; then another is killed at.
        if all(job_of(client, job)["status"] == "succeeded" for job in waiting):
            waiting.append(post(client, LONG))
        victim = _running(client, waiting)
        before = len(witness.epochs(victim))
        # Of two kills one comes after an epoch at the earliest: three attempts in vain would fail the job.
        if number % 2:
            wait_until(lambda: len(witness.epochs(victim)) > before, "an epoch", 120)  # noqa: B023
        at_random_moment = at_random.uniform(0, 0.7)
        os.sched_yield()
        _pause(at_random_moment)
        # Of the worker and the child that trains, the one or the other.
        pids = stack.pids("worker", "train")
        os.kill(at_random.choice(pids), signal.SIGKILL)
        killed.append(victim)
        for job in waiting:
            epochs = witness.epochs(job)
            assert epochs[: len(seen.get(job, []))] == seen.get(job, []), "a finished epoch moved or vanished"
            seen[job] = epochs
    for job in waiting:
        ended = succeeded(client, job)
        epochs = witness.epochs(job)
        assert len(epochs) == LONG["epochs"] + 1
        assert epochs[: len(seen.get(job, []))] == seen.get(job, [])
        assert_same_training(witness, undisturbed, job)
        if job in killed:
            assert ended["attempt"] <= 1 + killed.count(job)
    assert max(job_of(client, job)["attempt"] for job in waiting) >= 2
    history = [client.get(f"/v1/models/{job}/history.json").json()["history"] for job in (undisturbed, waiting[0])]
    assert history[0] == history[1]
    np.testing.assert_equal(len(history[0]["loss"]), LONG["epochs"])


def _running(client: httpx.Client, jobs: list[str]) -> str:
    def first() -> str | None:
        return next((job for job in jobs if job_of(client, job)["status"] == "running"), None)

    return wait_until(first, "a job to run")


def _pause(seconds: float) -> None:
    import threading

    threading.Event().wait(seconds)
