"""Wake-ups that queued jobs are owed: published by whoever relays them, and again when the broker has lost them.

A job's wake-up is put here, and taken away, in the transaction that changes the job: see submission.py
and jobs.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, tuple_, update

from cnnservice.database.engine import Database
from cnnservice.database.tables import Job, Outbox

_OWED = select(Outbox.job_id, Outbox.attempt, Job.queue).join(Job, Job.id == Outbox.job_id)


@dataclass(frozen=True)
class Wakeup:
    """A message owed to the workers of a queue: the job and the attempt, nothing more."""

    job_id: str
    attempt: int
    queue: str


def owed(database: Database, *, limit: int = 100) -> list[Wakeup]:
    """Wake-ups not yet published, oldest first."""
    query = _OWED.where(Outbox.published_at.is_(None)).order_by(Outbox.created_at).limit(limit)
    with database.read() as session:
        return [Wakeup(*row) for row in session.execute(query)]


def published(database: Database, *, before: float) -> list[Wakeup]:
    """Wake-ups published before this time whose jobs still wait, oldest first."""
    query = _OWED.where(Outbox.published_at < before).order_by(Outbox.created_at)
    with database.read() as session:
        return [Wakeup(*row) for row in session.execute(query)]


def mark_published(database: Database, wakeups: Sequence[Wakeup], *, now: float) -> None:
    """Note that messages stand for these wake-ups. Publishing one twice does no harm."""
    _set_published(database, wakeups, now)


def owe_again(database: Database, wakeups: Sequence[Wakeup]) -> None:
    """Forget that these wake-ups were published, so that they are published anew: the broker has lost them."""
    _set_published(database, wakeups, None)


def _set_published(database: Database, wakeups: Sequence[Wakeup], when: float | None) -> None:
    if not wakeups:
        return
    named = tuple_(Outbox.job_id, Outbox.attempt).in_([(wakeup.job_id, wakeup.attempt) for wakeup in wakeups])
    with database.write() as session:
        session.execute(update(Outbox).where(named).values(published_at=when))
