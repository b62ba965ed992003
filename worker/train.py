"""The train queue: claim a job, train it under its lease, publish each epoch."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery.signals import worker_process_init, worker_process_shutdown

from cnnservice import jobs, scheduling
from cnnservice.broker import TRAIN_TASK
from cnnservice.database.engine import OUTAGES
from cnnservice.errors import DomainError
from cnnservice.telemetry.tracing import start_tracing, stop_tracing
from worker.app import app, resources
from worker.failures import out_of_memory, too_long
from worker.following import followed
from worker.process import end_with_parent, give_way_in_want_of_memory
from worker.run import Run

_log = logging.getLogger(__name__)


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _prepare_child(**_: Any) -> None:
    end_with_parent()
    give_way_in_want_of_memory()
    from cnnservice.nn import fetch, runtime
    from cnnservice.nn.warm_up import warm_up

    start_tracing(resources().settings, "cnnservice-worker-train")
    runtime.configure()
    fetch.store_placed(resources().settings.datasets_path)
    warm_up()


@worker_process_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(**_: Any) -> None:
    stop_tracing()


@app.task(name=TRAIN_TASK, bind=True)  # type: ignore[untyped-decorator]
def train(task: Any, job_id: str, attempt: int) -> None:
    """Run the job whose turn it is: there are as many messages in a queue as jobs that wait, and this is one of them.

    The job that the message was sent for may be another's turn's; where none waits, it is out of date, and harmless.
    """
    parts = resources()
    queue, lease_seconds = task.request.delivery_info["routing_key"], parts.settings.lease_seconds
    try:
        claim = scheduling.claim_next(
            parts.database, queue, owner=parts.owner, now=time.time(), lease_seconds=lease_seconds
        )
        if claim is None:
            _log.info("job %s, attempt %s: nothing to do", job_id, attempt)
            return
        _carry_out(Run(parts, claim))
    except OUTAGES as error:
        _log.warning("queue %s: what waits or runs is left as it is, the database is away: %s", queue, error)


def _carry_out(run: Run) -> None:
    parts, claim = resources(), run.claim
    asker = parts.askers.of(claim.job_id)
    try:
        with followed(asker, "train", job_id=claim.job_id, attempt=claim.attempt), run.lease():
            _execute(run)
    except jobs.LeaseLost:
        _log.warning("job %s, attempt %s: lease lost, stopped", run.claim.job_id, run.claim.attempt)


def _execute(run: Run) -> None:
    from cnnservice.nn.training import Diverged, OutOfMemory, Stopped

    try:
        run.train()
    except Stopped:
        if run.stopped_by == "cancel":
            run.end("cancelled")
        elif run.stopped_by == "shutdown":
            run.release()
        elif run.stopped_by == "too-long":
            run.end("failed", too_long(run.seconds_allowed))
    except (jobs.LeaseLost, *OUTAGES):
        raise
    except Diverged as error:
        _fail(run, "diverged", f"The loss is no longer a number ({error}). Try a smaller learning rate.")
    except DomainError as error:
        _fail(run, error.code, error.detail)
    except (MemoryError, OutOfMemory):
        run.end("failed", out_of_memory("The worker ran out of memory."))
    except Exception as error:
        _log.exception("job %s failed", run.claim.job_id)
        _fail(run, "training-failed", f"{type(error).__name__}: {_first_line(error)}")
    else:
        run.end("succeeded")


def _fail(run: Run, code: str, detail: str) -> None:
    run.end("failed", {"code": code, "detail": detail})


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "")[:500]
