"""What the dispatcher asks of the database all the time, and what a worker writes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from uuid_utils import uuid7

from benchmarks.filling import Filled
from benchmarks.holder import LEASE_SECONDS, commits, heartbeats
from cnnservice import job_queries, jobs, outbox, submission
from cnnservice.keeping.deletion import remove_rows
from cnnservice.specs.job import JobSpec

_SPEC = JobSpec(dataset="mnist", tags=("course",))


def statements() -> Iterator[tuple[str, Callable[[Filled], Callable[[], Any]]]]:
    """By name, what makes of a filled database a call that can be timed again and again."""
    yield "dispatcher, wake-ups owed", lambda filled: lambda: outbox.owed(filled.database)
    yield "dispatcher, wake-ups published", lambda filled: lambda: outbox.published(filled.database, before=1e10)
    yield "dispatcher, leases run out", lambda filled: lambda: _recover(filled)
    yield "dispatcher, a write of nothing", lambda filled: lambda: jobs.write_nothing(filled.database)
    yield "submit a job and cancel it", lambda filled: lambda: _submit_and_cancel(filled)
    yield "claim a job and give it back", lambda filled: lambda: _claim_and_release(filled)
    yield "heartbeat", lambda filled: heartbeats(filled.database, _claim_of(filled, filled.running[0]))
    yield "commit an epoch", lambda filled: commits(filled.database, _claim_of(filled, filled.running[1]))
    yield "delete a job", _remove


def _recover(filled: Filled) -> None:
    jobs.recover_expired(filled.database, now=time.time(), attempt_limit=5)


def _submit_and_cancel(filled: Filled) -> None:
    job_id = str(uuid7())
    submission.submit(filled.database, _SPEC, job_id=job_id, now=time.time(), idempotency_key=job_id)
    jobs.cancel(filled.database, job_id, now=time.time())


def _claim_and_release(filled: Filled) -> None:
    claim = jobs.claim(filled.database, filled.queued[0], 1, owner="here", now=time.time(), lease_seconds=LEASE_SECONDS)
    if claim is None:
        raise RuntimeError("the job was to be queued")
    jobs.release(filled.database, claim, now=time.time())


def _remove(filled: Filled) -> Callable[[], Any]:
    trained = iter(filled.trained)
    return lambda: remove_rows(filled.database, next(trained))


def _claim_of(filled: Filled, job_id: str) -> jobs.Claim:
    """As its worker holds it."""
    job = job_queries.get(filled.database, job_id)
    return jobs.Claim(job_id, job.fencing_token, job.attempt, _SPEC, job.epochs_stored, time.time() + LEASE_SECONDS)
