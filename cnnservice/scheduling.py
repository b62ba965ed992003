"""Which of the waiting jobs is next: owners take turns, and each owner's jobs go by priority, then by age.

A wake-up says that some job of its queue waits, not which: a message stands in Redis where it was put, and there the
thousand jobs of one owner would stand before the one of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from cnnservice import jobs
from cnnservice.database.engine import Database
from cnnservice.database.tables import Job


@dataclass(frozen=True)
class Turn:
    """Where an owner stands: how many of its jobs run now, and when the last one of them all was begun."""

    running: int
    last_started_at: float


def claim_next(database: Database, queue: str, *, owner: str, now: float, lease_seconds: float) -> jobs.Claim | None:
    """Take the job of a queue whose turn it is; None when none waits. owner names the worker that takes it."""
    while True:
        with database.read() as session:
            following = _next(session, queue)
        if following is None:
            return None
        job_id, attempt = following
        claim = jobs.claim(database, job_id, attempt, owner=owner, now=now, lease_seconds=lease_seconds)
        if claim is not None:  # else another worker took it in between
            return claim


def next_owner(turns: Mapping[str | None, Turn]) -> str | None:
    """Of owners whose jobs wait, the one that has the fewest running; of such, the one that was served longest ago."""
    return min(turns, key=lambda owner: (turns[owner].running, turns[owner].last_started_at, owner or ""))


def _next(session: Session, queue: str) -> tuple[str, int] | None:
    """The id and the attempt of the job whose turn it is."""
    waits = (Job.status == "queued", Job.queue == queue)
    waiting = set(session.scalars(select(Job.owner).where(*waits).distinct()))
    if not waiting:
        return None
    (owner,) = waiting if len(waiting) == 1 else (next_owner(_turns(session, waiting)),)
    # These two alone: a spec with its layers may be long.
    query = select(Job.id, Job.attempt).where(*waits, _of(owner)).order_by(Job.priority.desc(), Job.id).limit(1)
    row = session.execute(query).one_or_none()
    return None if row is None else (row.id, row.attempt)


def _turns(session: Session, waiting: set[str | None]) -> dict[str | None, Turn]:
    counted = select(Job.owner, func.count().label("jobs")).where(Job.status == "running").group_by(Job.owner)
    running = {row.owner: row.jobs for row in session.execute(counted)}
    turns = {}
    for owner in waiting:
        started_at = session.scalar(select(func.max(Job.started_at)).where(_of(owner)))
        turns[owner] = Turn(running.get(owner, 0), started_at or 0.0)
    return turns


def _of(owner: str | None) -> ColumnElement[bool]:
    return Job.owner.is_(None) if owner is None else Job.owner == owner
