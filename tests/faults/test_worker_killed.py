"""Workers are killed with SIGKILL: the job ends by itself, as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import threading

import httpx

from live import Stack, metric, wait_until
from witness import DELICATE, Kept, Training, Witness, assert_same_training, job_of, post, succeeded

LOSSES = 'cnnservice_lease_losses_total{work="job"}'
LONG = {**DELICATE, "epochs": 12}


def test_killed_at_random_moments_jobs_end_as_if_nothing_had_been(
    client: httpx.Client, stack: Stack, witness: Witness, undisturbed: Training, full: bool
) -> None:
    jobs, kills = (4, 20) if full else (2, 3)
    losses = metric(client, LOSSES)
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
            last = min(before + 1, LONG["epochs"])
            wait_until(lambda: len(witness.epochs(victim)) > last, "an epoch")  # noqa: B023
        threading.Event().wait(at_random.uniform(0, 0.7))
        # Of the worker and the child that trains, the one or the other.
        pids = wait_until(lambda: stack.pids("worker", "train"), "a worker")
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
        assert_same_training(undisturbed, witness, job)
        assert ended["attempt"] <= 1 + killed.count(job)
        history = client.get(f"/v1/models/{job}/history.json").json()["history"]
        assert history["loss"] == [metrics["loss"] for metrics in undisturbed.metrics[1 : LONG["epochs"] + 1]]
    lost = sum(job_of(client, job)["attempt"] - 1 for job in waiting)
    assert lost <= metric(client, LOSSES) - losses <= kills


def _running(client: httpx.Client, jobs: list[str]) -> str:
    def first() -> str | None:
        return next((job for job in jobs if job_of(client, job)["status"] == "running"), None)

    return wait_until(first, "a job to run")
