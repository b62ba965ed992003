"""Processes that write to one database as fast as it takes them, each under a claim of its own."""

from __future__ import annotations

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier

from uuid_utils import uuid7

from benchmarks.holder import LEASE_SECONDS, commits, heartbeats
from cnnservice import jobs, submission
from cnnservice.database.engine import Database
from cnnservice.specs.job import JobSpec

_SECONDS = 3.0
# In a process that writes, what the others are waited for at.
_starts: list[Barrier] = []
_CALLS = {"heartbeat": heartbeats, "commit of an epoch": commits}
WRITES = tuple(_CALLS)


@dataclass(frozen=True)
class Writing:
    """What so many processes at once reached together. cpu_seconds are the client's for one write."""

    writes: int
    a_second: float
    cpu_seconds: float


def write_all_at_once(url: str, write: str, *, writers: int) -> Writing:
    """Each of these processes makes this write for some seconds."""
    context = get_context("spawn")
    ready = context.Barrier(writers)
    with ProcessPoolExecutor(writers, context, initializer=_remember, initargs=(ready,)) as processes:
        found = list(processes.map(partial(_write, url, write), range(writers)))
    writes = sum(count for count, _ in found)
    return Writing(writes, writes / _SECONDS, sum(cpu for _, cpu in found) / writes)


def _remember(start: Barrier) -> None:
    _starts.append(start)


def _write(url: str, write: str, _number: int) -> tuple[int, float]:
    """How many it made, and the CPU it took for all."""
    database = Database(url, timeout_seconds=60)
    call = _CALLS[write](database, claimed(database))
    call()
    _starts[0].wait()
    writes, cpu, end = 0, time.process_time(), time.monotonic() + _SECONDS
    while time.monotonic() < end:
        call()
        writes += 1
    return writes, time.process_time() - cpu


def claimed(database: Database) -> jobs.Claim:
    """A new job, running."""
    job_id, now = str(uuid7()), time.time()
    submission.submit(database, JobSpec(dataset="mnist"), job_id=job_id, now=now)
    claim = jobs.claim(database, job_id, 1, owner="here", now=now, lease_seconds=LEASE_SECONDS)
    if claim is None:
        raise RuntimeError("the job was to be queued")
    return claim
