"""The relay and the reconciler: every queued job has a message, every silent worker's job and every sweep go on.

All state is in the database; any number of API processes may run this side by side.
"""

from __future__ import annotations

import contextlib
import json
import logging
import threading
import time
from typing import Any, cast

import redis
from sqlalchemy.exc import SQLAlchemyError
from uuid_utils import uuid7

from api.messenger import BrokerAway, Messenger
from api.steady_watch import SteadyWatch
from cnnservice import computations, jobs, outbox, sweeps
from cnnservice.broker import COMPUTE_TASK, INSPECT_QUEUE, TRAIN_QUEUES, TRAIN_TASK, connect
from cnnservice.database.engine import Database
from cnnservice.database.tables import Job
from cnnservice.errors import NotFoundError
from cnnservice.events import EventWriter
from cnnservice.settings import Settings
from cnnservice.telemetry.counts import Counts
from cnnservice.telemetry.families import JOB_SECONDS, LEASE_LOSSES

_log = logging.getLogger(__name__)


class Dispatcher:
    """A thread that publishes owed wake-ups at once when nudged, and looks for what has gone astray now and then."""

    def __init__(self, settings: Settings, database: Database, messenger: Messenger, events: EventWriter) -> None:
        self._settings, self._database, self._messenger, self._events = settings, database, messenger, events
        self._redis = connect(settings)
        self._counts = Counts(self._redis)
        self._woken = float("-inf")
        self._nudged, self._stopping = threading.Event(), threading.Event()
        self._watch = SteadyWatch(
            settings.lease_seconds, gap_seconds=settings.reconcile_seconds + settings.lease_seconds / 2
        )
        self._thread = threading.Thread(target=self._run, name="dispatch", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the round under way."""
        self._stopping.set()
        self._nudged.set()
        self._thread.join()

    def nudge(self) -> None:
        """Say that a job was queued."""
        self._nudged.set()

    def _run(self) -> None:
        next_reconcile = 0.0
        while not self._stopping.is_set():
            try:
                if time.monotonic() >= next_reconcile:
                    self._reconcile()
                    next_reconcile = time.monotonic() + self._settings.reconcile_seconds
                self._relay()
            except (SQLAlchemyError, BrokerAway, redis.RedisError) as error:
                # All that is owed is still in the database: the next round tries again.
                _log.warning("dispatch waits: %s", error)
                if isinstance(error, SQLAlchemyError):
                    self._watch.interrupt()
            except Exception:
                # Without this thread no job would be run any more.
                _log.exception("a round of dispatch failed")
            self._nudged.wait(self._settings.reconcile_seconds)
            self._nudged.clear()

    def _relay(self) -> None:
        while wakeups := outbox.owed(self._database):
            for wakeup in wakeups:
                arguments = [wakeup.job_id, wakeup.attempt]
                self._messenger.send(TRAIN_TASK, args=arguments, task_id=_message_id(wakeup), queue=wakeup.queue)
            outbox.mark_published(self._database, wakeups, now=time.time())

    def _reconcile(self) -> None:
        now = time.time()
        published = outbox.published(self._database, before=now - self._settings.republish_after_seconds)
        jobs.write_nothing(self._database)
        self._watch.saw(now)
        if self._watch.is_steady:
            for job in jobs.recover_expired(self._database, now=now, attempt_limit=self._settings.attempt_limit):
                _log.warning("job %s: its worker fell silent; now %s, attempt %s", job.id, job.status, job.attempt)
                self._count_loss(job, now)
                announce(self._events, job)
            self._recover_computations(now)
        self._advance_sweeps(now)
        self._counts.publish()
        self._wake_for_computations(now)
        for queue in TRAIN_QUEUES:
            self._republish(queue, [wakeup for wakeup in published if wakeup.queue == queue])

    def _republish(self, queue: str, published: list[outbox.Wakeup]) -> None:
        # Fewer messages than waiting jobs: the broker has lost some.
        if len(published) > self._redis.llen(queue):
            there = {_header(message, "id") for message in cast("list[bytes]", self._redis.lrange(queue, 0, -1))}
            outbox.owe_again(self._database, [wakeup for wakeup in published if _message_id(wakeup) not in there])

    def _advance_sweeps(self, now: float) -> None:
        for sweep_id in sweeps.to_be_advanced(self._database):
            # Deleted at this moment, it or a job of its: the next round finds things as they are then.
            with contextlib.suppress(NotFoundError):
                for job in sweeps.advance(
                    self._database, sweep_id, now=now, new_id=lambda: str(uuid7()), limits=self._settings
                ):
                    announce(self._events, job)

    def _recover_computations(self, now: float) -> None:
        limit = self._settings.attempt_limit
        for computation in computations.recover_expired(self._database, now=now, attempt_limit=limit):
            _log.warning("computation %s: its worker fell silent; now %s", computation.id, computation.status)
            self._counts.add(LEASE_LOSSES, value="computation")
            self._events.ring(computation.id)

    def _count_loss(self, job: Job, now: float) -> None:
        self._counts.add(LEASE_LOSSES, value="job")
        if job.status in jobs.ENDED and job.started_at is not None:
            self._counts.observe(JOB_SECONDS, now - job.started_at, job.status)

    def _wake_for_computations(self, now: float) -> None:
        """Send a message for what has waited a while: its own may be lost, or its worker be gone."""
        patience = self._settings.republish_after_seconds
        if now - self._woken >= patience and computations.waits(self._database, before=now - patience):
            self._woken = now
            waiting = cast("list[bytes]", self._redis.lrange(INSPECT_QUEUE, 0, -1))
            if not any(_header(message, "task") == COMPUTE_TASK for message in waiting):
                self._messenger.send(COMPUTE_TASK, queue=INSPECT_QUEUE)


def _message_id(wakeup: outbox.Wakeup) -> str:
    return f"{wakeup.job_id}:{wakeup.attempt}"


def _header(message: bytes, name: str) -> str | None:
    """What a message was sent with; None of one that nobody here has sent."""
    try:
        header: str = json.loads(message)["headers"][name]
    except (ValueError, LookupError, TypeError):
        return None
    return header


def announce(events: EventWriter, job: Job) -> None:
    """Tell a job's readers of a change that no worker made."""
    if job.status in jobs.ENDED:
        body: dict[str, Any] = {"status": job.status, "epochs_done": job.epochs_done, "error": job.error}
        events.append(job.id, "end", job.epochs_done + 1, body)
    else:
        body = {"status": job.status, "attempt": job.attempt, "epochs_done": job.epochs_done}
        events.append(job.id, "status", job.epochs_done, body)
