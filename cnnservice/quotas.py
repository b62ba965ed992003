"""How much may be under way and kept, in all and by one owner of keys."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from cnnservice.database.tables import Epoch, Job
from cnnservice.errors import ForbiddenError, TooManyError

_RETRY_SECONDS = 30


class TooManyJobs(TooManyError):
    """As many jobs are queued and running as may be."""

    code = "too-many-jobs"
    title = "Too many jobs"

    def __init__(self, live: int, new: int, limit: int, setting: str, *, own: bool) -> None:
        whose = "of yours " if own else ""
        more = f", and these would be {new} more" if new > 1 else ""
        super().__init__(
            f"{live} jobs {whose}are queued or running{more}; {limit} are allowed ({setting}). Wait until some have "
            "ended, or cancel some.",
            retry_after=_RETRY_SECONDS,
        )


class QuotaExceeded(ForbiddenError):
    """What the job would keep does not fit beside what its owner keeps already."""

    code = "quota-exceeded"
    title = "Quota exceeded"

    def __init__(self, kept: int, planned: int, limit: int) -> None:
        super().__init__(
            f"Your models keep {kept} bytes and this would keep up to {planned}; {limit} are allowed in all "
            "(CNNSERVICE_MAX_OWNER_STORED_BYTES). Delete jobs that are no longer needed, or let this one keep fewer "
            "epochs."
        )


class Limits(Protocol):
    """The settings that bound what may be under way."""

    @property
    def max_live_jobs(self) -> int: ...
    @property
    def max_owner_live_jobs(self) -> int: ...
    @property
    def max_owner_stored_bytes(self) -> int: ...


def admit(session: Session, owner: str | None, planned_bytes: int, limits: Limits, *, new: int = 1) -> None:
    """Hold a new job of an owner's, or several, against the limits. Raises TooManyJobs, QuotaExceeded."""
    live = live_jobs(session)
    if live + new > limits.max_live_jobs:
        raise TooManyJobs(live, new, limits.max_live_jobs, "CNNSERVICE_MAX_LIVE_JOBS", own=False)
    if owner is None:
        return
    own = live_jobs(session, owner)
    if own + new > limits.max_owner_live_jobs:
        raise TooManyJobs(own, new, limits.max_owner_live_jobs, "CNNSERVICE_MAX_OWNER_LIVE_JOBS", own=True)
    kept = stored_bytes(session, owner)
    if kept + planned_bytes > limits.max_owner_stored_bytes:
        raise QuotaExceeded(kept, planned_bytes, limits.max_owner_stored_bytes)


def live_jobs(session: Session, owner: str | None = None) -> int:
    """How many are queued or running: an owner's, or all."""
    query = select(func.count()).select_from(Job).where(Job.status.in_(("queued", "running")))
    return session.scalar(query if owner is None else query.where(Job.owner == owner)) or 0


def stored_bytes(session: Session, owner: str) -> int:
    """The weights that an owner's models keep, in bytes; what models share is counted for each."""
    query = select(func.sum(Epoch.size)).join(Job, Job.id == Epoch.job_id).where(Job.owner == owner, Epoch.kept)
    return int(session.scalar(query) or 0)
