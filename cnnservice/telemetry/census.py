"""How much there is of what, counted where it is true: in the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select

from cnnservice.broker import TRAIN_QUEUE
from cnnservice.database.engine import Database
from cnnservice.database.tables import Computation, Job, Outbox


@dataclass(frozen=True)
class Queue:
    """How many wait, and since when the one does that has waited longest, in Unix seconds; None where none waits."""

    depth: int
    oldest: float | None


@dataclass(frozen=True)
class Census:
    """Jobs by status, and what waits by queue."""

    jobs: Mapping[str, int]
    queues: Mapping[str, Queue]


COMPUTATIONS = "computations"


def take_census(database: Database) -> Census:
    """Of this moment. A job that is queued again waits since then."""
    waiting = func.count(), func.min(Outbox.created_at)
    computations = select(func.count(), func.min(Computation.created_at)).where(Computation.status == "queued")
    with database.read() as session:
        statuses = session.execute(select(Job.status, func.count().label("jobs")).group_by(Job.status))
        return Census(
            {row.status: row.jobs for row in statuses},
            {
                TRAIN_QUEUE: Queue(*session.execute(select(*waiting)).one()),
                COMPUTATIONS: Queue(*session.execute(computations).one()),
            },
        )
