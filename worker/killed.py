"""A job whose child the kernel has killed for want of memory fails at once: it would be killed again, five times over.

One that was killed by somebody is left alone: its lease runs out, and it goes on elsewhere.
"""

from __future__ import annotations

import logging
import time
from typing import Any

from billiard.exceptions import WorkerLostError
from celery.signals import task_failure

from cnnservice import job_queries, jobs
from cnnservice.broker import TRAIN_TASK
from cnnservice.database.engine import OUTAGES, Database
from cnnservice.events import EventWriter
from cnnservice.telemetry.counts import Counts
from worker.app import resources
from worker.ending import tell_end
from worker.failures import out_of_memory
from worker.memory import killed_by_kernel
from worker.noted import Note, noted

_log = logging.getLogger(__name__)
_KILLED = "signal 9"


@task_failure.connect  # type: ignore[untyped-decorator]
def _look_why(sender: Any, exception: BaseException, **_: Any) -> None:
    """Sent in the worker's parent when its child is gone."""
    if sender.name != TRAIN_TASK or not isinstance(exception, WorkerLostError) or _KILLED not in str(exception):
        return
    parts, note = resources(), noted.read()
    try:
        if fail_if_killed_by_kernel(parts.database, parts.events, parts.counts, note, killed=killed_by_kernel()):
            _log.warning("job %s: the kernel killed its child for want of memory; failed", note.job_id)
    except OUTAGES as error:
        _log.warning("job %s: its child was killed, and the database is away: %s", note.job_id, error)
    finally:
        # Nothing is to be carried over the fork of the next child.
        parts.database.close()


def fail_if_killed_by_kernel(
    database: Database, events: EventWriter, counts: Counts, note: Note, *, killed: int
) -> bool:
    """Whether the kernel has killed for want of memory since the note was written; the job that it tells fails then."""
    if killed <= note.killed_by_kernel:
        return False
    now = time.time()
    error = out_of_memory("The machine ran out of memory, and its kernel ended the training.")
    try:
        jobs.end(database, jobs.Hold(note.job_id, note.token), "failed", now=now, error=error)
    except jobs.LeaseLost:
        return False
    job = job_queries.get(database, note.job_id)
    assert job.started_at is not None, "it was held by a child"
    tell_end(
        events,
        counts,
        job.id,
        job.status,
        seconds=now - job.started_at,
        epochs_done=job.epochs_done,
        error=job.error,
    )
    return True
