"""A worker is frozen past its lease: another takes its job, and when it wakes it writes nothing more."""

from __future__ import annotations

import contextlib
import os
import signal

import httpx

from live import Stack, second_worker, wait_until
from witness import DELICATE, TINY, Training, Witness, assert_same_training, job_of, post, succeeded, wait_for

SPEC = {**DELICATE, "epochs": 16}


def test_a_worker_that_wakes_when_its_job_is_anothers_writes_nothing_and_stops(
    client: httpx.Client, stack: Stack, witness: Witness, undisturbed: Training
) -> None:
    job = post(client, SPEC)
    wait_for(client, job, 2)
    first = stack.pids("worker", "train")
    _signal(first, signal.SIGSTOP)
    try:
        frozen_at = len(witness.epochs(job))
        with second_worker(stack):
            wait_until(lambda: len(witness.epochs(job)) > frozen_at, "the second worker to go on")
            files = set(stack.files(f"models/{job}/t1/"))
            _signal(first, signal.SIGCONT)
            ended = succeeded(client, job)
    finally:
        _signal(first, signal.SIGCONT)
    assert ended["attempt"] == 2
    late = set(stack.files(f"models/{job}/t1/")) - files
    # What it was in the middle of when it was frozen it may end: a file, which no row will ever name.
    assert len(late) <= 1, "the first wrote on after it woke"
    assert late.isdisjoint(kept.path for kept in witness.epochs(job))
    writers = [kept.path.split("/")[2] for kept in witness.epochs(job)]
    assert writers[:frozen_at] == ["t1"] * frozen_at
    assert len(set(writers[frozen_at:])) == 1, "one set of epochs, by one other"
    assert len(writers) == SPEC["epochs"] + 1
    assert_same_training(undisturbed, witness, job)
    # It has stopped, and takes the next job: the other worker is gone. Its child may be another: the second takes
    # its time to start, and what was silent for four leases by then is ended when it wakes.
    following = post(client, TINY)
    succeeded(client, following)
    assert stack.pids("worker", "train")[0] == first[0]
    assert job_of(client, following)["attempt"] == 1


def _signal(pids: list[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
