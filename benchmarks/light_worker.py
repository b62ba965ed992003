"""A train worker that waits where a real one would compute: `python -m benchmarks.light_worker`.

All else is as in a real one: the claim, the lease that a thread renews, a checkpoint of the size of the notebook's for
each epoch, its row, its event, the end. How long each call took is left in a file of data_dir/calls.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, TypeVar

import numpy as np
from celery import Celery
from celery.signals import worker_process_init, worker_ready

from cnnservice import jobs, publication
from cnnservice.broker import TRAIN_QUEUE, TRAIN_TASK, celery_options, connect, worker_key
from cnnservice.database.engine import Database
from cnnservice.events import EventWriter
from cnnservice.settings import Settings
from cnnservice.store import open_store
from cnnservice.weights import CheckpointStore, checkpoint_path

EPOCH_SECONDS = 0.25
_WEIGHTS = {"model/FC1/0/kernel": np.random.default_rng(0).normal(size=155_606).astype(np.float32)}
_Answer = TypeVar("_Answer")

settings = Settings()
app = Celery("light_worker")
app.conf.update(celery_options(settings), worker_hijack_root_logger=False)


class Parts:
    """The connections of the process that runs the jobs, and where it notes how long each call took."""

    def __init__(self) -> None:
        client = connect(settings)
        self.database = Database(settings.resolved_database_url, timeout_seconds=settings.database_timeout_seconds)
        self.checkpoints = CheckpointStore(open_store(settings.resolved_store_url))
        self.events = EventWriter(client, settings)
        self._notes = (settings.data_path / "calls" / str(os.getpid())).open("a", buffering=1)

    def timed(self, name: str, call: Callable[[], _Answer]) -> _Answer:
        """What the call returns."""
        began = time.perf_counter()
        answer = call()
        self._notes.write(json.dumps([name, time.perf_counter() - began]) + "\n")
        return answer


@cache
def parts() -> Parts:
    """Made after the fork: the parent has none."""
    return Parts()


@worker_process_init.connect  # type: ignore[untyped-decorator]
def _prepare(**_: Any) -> None:
    with parts().database.read() as session:
        session.connection()


@worker_ready.connect  # type: ignore[untyped-decorator]
def _ready(sender: Any, **_: Any) -> None:
    connect(settings).zadd(worker_key(TRAIN_QUEUE), {sender.hostname: time.time()})


@app.task(name=TRAIN_TASK)  # type: ignore[untyped-decorator]
def train(job_id: str, attempt: int) -> None:
    """Wait through the epochs of a job, if this attempt of it still waits."""
    database, timed, owner = parts().database, parts().timed, f"light:{os.getpid()}"
    claim = timed("claim", lambda: jobs.claim(database, job_id, attempt, owner=owner, **_now()))
    if claim is None:
        return
    with _lease(claim):
        _publish(claim, "status", 0, {"status": "running", "attempt": attempt, "epochs_done": 0})
        timed("note", lambda: jobs.note_runtime(database, claim, {"device": "none"}, {"name": "minus_one_one"}))
        for epoch in range(claim.epochs_stored, claim.last_epoch + 1):
            if epoch > 0:
                timed("wait", lambda: time.sleep(EPOCH_SECONDS))
            _end_epoch(claim, epoch)
        timed("end", lambda: jobs.end(database, claim, "succeeded", now=time.time()))
        _publish(claim, "end", claim.last_epoch + 1, {"status": "succeeded", "epochs_done": claim.last_epoch})


def _end_epoch(claim: jobs.Claim, epoch: int) -> None:
    database, checkpoints, timed = parts().database, parts().checkpoints, parts().timed
    path = checkpoint_path(claim.job_id, claim.token, epoch)
    file = timed("store", lambda: checkpoints.write(path, _WEIGHTS, {"epoch": epoch}))
    metrics = {"loss": 2.3 / (1 + epoch), "val_loss": 2.4 / (1 + epoch)}
    record = publication.EpochRecord(epoch, file, metrics, EPOCH_SECONDS)
    timed(
        "commit",
        lambda: publication.commit_epoch(
            database, claim, record, now=time.time(), lease_seconds=settings.lease_seconds
        ),
    )
    if epoch > 0:
        _publish(claim, "epoch", epoch, {"epoch": epoch, "epochs": claim.last_epoch, **metrics})


def _publish(claim: jobs.Claim, event: Any, durable: int, body: dict[str, Any]) -> None:
    parts().timed("event", lambda: parts().events.append(claim.job_id, event, durable, body))


@contextmanager
def _lease(claim: jobs.Claim) -> Iterator[None]:
    ended = threading.Event()

    def beat() -> None:
        jobs.heartbeat(parts().database, claim, epoch_progress=0.5, running_seconds=1.0, **_now())

    def renew() -> None:
        with suppress(jobs.LeaseLost):  # once more after the end
            while not ended.wait(settings.heartbeat_seconds):
                parts().timed("heartbeat", beat)

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _now() -> dict[str, float]:
    return {"now": time.time(), "lease_seconds": settings.lease_seconds}


if __name__ == "__main__":
    options = ["--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    pool = ["--pool=prefork", "--concurrency=1", "--disable-prefetch"]
    app.worker_main(["worker", f"--queues={TRAIN_QUEUE}", f"--hostname=light-{os.getpid()}@%h", *options, *pool])
