"""How much there is of what, counted where it is true: in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from cnnservice.broker import TRAIN_QUEUES
from cnnservice.database.engine import Database
from cnnservice.database.tables import Computation, Job, Outbox, Sweep


@dataclass(frozen=True)
class Queue:
    """How many wait, and since when the one does that has waited longest, in Unix seconds; None where none waits."""

    depth: int
    oldest: float | None


@dataclass(frozen=True)
class Census:
    """Jobs and sweeps by status, and what waits by queue."""

    jobs: Mapping[str, int]
    sweeps: Mapping[str, int]
    queues: Mapping[str, Queue]


COMPUTATIONS = "computations"


def take_census(database: Database) -> Census:
    """Of this moment. A job that is queued again waits since then."""
    waiting = select(Job.queue, func.count(), func.min(Outbox.created_at)).join(Outbox).group_by(Job.queue)
    computations = select(func.count(), func.min(Computation.created_at)).where(Computation.status == "queued")
    with database.read() as session:
        jobs, sweeps = (
            dict(session.execute(select(kind.status, func.count()).group_by(kind.status)).tuples().all())
            for kind in (Job, Sweep)
        )
        queues = {name: Queue(depth, oldest) for name, depth, oldest in session.execute(waiting)}
        queues[COMPUTATIONS] = Queue(*session.execute(computations).one())
    return Census(jobs, sweeps, dict.fromkeys(TRAIN_QUEUES, Queue(0, None)) | queues)
