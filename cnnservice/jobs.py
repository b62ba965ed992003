"""The state machine of a job: the only code that changes a job's status.

    queued --claim--> running --end--> succeeded | failed | cancelled
       ^                 |
       +--release, or a lease that ran out--+

A claim is a lease with a fencing token. Every write of its holder names the token and changes nothing when the
token is no longer the job's. Time is handed in as Unix seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from cnnservice.database.engine import Database, viewer_of
from cnnservice.database.tables import Job, Outbox
from cnnservice.job_errors import AlreadyEnded, UnknownJob
from cnnservice.specs.job import JobSpec

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
ENDED: tuple[Status, ...] = ("succeeded", "failed", "cancelled")


class LeaseLost(Exception):
    """The token is no longer the job's: its holder must stop, and may write nothing more."""


@dataclass(frozen=True)
class Hold:
    """What a write of a job's holder names: the job, and the token it was given."""

    job_id: str
    token: int


@dataclass(frozen=True)
class Claim(Hold):
    """The right to run a job until expires_at, and beyond while it is renewed.

    running_seconds tells how long those before have run it.
    """

    attempt: int
    spec: JobSpec
    epochs_stored: int
    expires_at: float
    start_epoch: int = 0
    dataset_record: dict[str, Any] | None = None
    normalizer: dict[str, Any] | None = None
    started_at: float = 0.0
    running_seconds: float = 0.0

    @property
    def last_epoch(self) -> int:
        """The epoch it ends with."""
        return self.start_epoch + self.spec.epochs


def get_in(session: Session, job_id: str, *, for_update: bool = False) -> Job:
    """The job, read in a transaction of the caller's. Raises UnknownJob."""
    job = session.get(Job, job_id, with_for_update=for_update or None) if re.fullmatch(ID_PATTERN, job_id) else None
    if job is None or not viewer_of(session).may_see(job.owner):
        raise UnknownJob(job_id)
    return job


def claim(
    database: Database, job_id: str, attempt: int, *, owner: str, now: float, lease_seconds: float
) -> Claim | None:
    """Take a queued job, if this attempt of it is still waiting; None when it is not."""
    with database.write() as session:
        token = session.scalar(
            update(Job)
            .where(Job.id == job_id, Job.status == "queued", Job.attempt == attempt)
            .values(
                status="running",
                fencing_token=Job.fencing_token + 1,
                lease_owner=owner,
                lease_expires_at=now + lease_seconds,
                epoch_progress=0.0,
            )
            .returning(Job.fencing_token)
        )
        if token is None:
            return None
        session.execute(delete(Outbox).where(Outbox.job_id == job_id))
        job = get_in(session, job_id)
        if job.started_at is None:
            job.started_at = now
        return Claim(
            job_id,
            token,
            attempt,
            JobSpec.model_validate(job.spec),
            job.epochs_stored,
            now + lease_seconds,
            job.start_epoch,
            job.dataset_record,
            job.normalizer,
            job.started_at,
            job.running_seconds,
        )


def heartbeat(
    database: Database,
    claim: Claim,
    *,
    now: float,
    lease_seconds: float,
    epoch_progress: float,
    running_seconds: float,
) -> bool:
    """Renew the lease; note how far the epoch is (0..1), and how long the job has run, earlier claims among it.

    Returns whether cancelling was asked. Raises LeaseLost.
    """
    with database.write() as session:
        cancel_requested = session.scalar(
            update(Job)
            .where(Job.id == claim.job_id, Job.status == "running", Job.fencing_token == claim.token)
            .values(
                lease_expires_at=now + lease_seconds, epoch_progress=epoch_progress, running_seconds=running_seconds
            )
            .returning(Job.cancel_requested)
        )
    if cancel_requested is None:
        raise LeaseLost(claim.job_id)
    return bool(cancel_requested)


def note_runtime(database: Database, claim: Claim, runtime: dict[str, Any], normalizer: dict[str, Any]) -> None:
    """Record the device and versions that this training's bits hold for, and how its images are normalised.

    Raises LeaseLost.
    """
    with database.write() as session:
        fenced(session, claim, {"runtime": runtime, "normalizer": normalizer})


def end(
    database: Database,
    claim: Hold,
    status: Literal["succeeded", "failed", "cancelled"],
    *,
    now: float,
    error: dict[str, Any] | None = None,
) -> None:
    """End a running job for good. Ending it the same again changes nothing. Raises LeaseLost."""
    with database.write() as session:
        job = session.get(Job, claim.job_id)
        if job is not None and (job.status, job.fencing_token) == (status, claim.token):
            return
        fenced(session, claim, _ended(status, now, error))


def release(database: Database, claim: Claim, *, now: float) -> None:
    """Give a running job back unfinished, as at a shutdown: it is queued again, not counted as an attempt lost.

    A cancellation that came in between is carried out instead. Raises LeaseLost.
    """
    with database.write() as session:
        fenced(session, claim, {"lease_owner": None})
        _requeue(session, get_in(session, claim.job_id), now=now, attempt=claim.attempt)


def cancel(database: Database, job_id: str, *, now: float) -> Job:
    """Cancel a queued job now, or ask a running one to stop at its next batch. Raises UnknownJob, AlreadyEnded."""
    with database.write() as session:
        job = get_in(session, job_id, for_update=True)
        if job.status in ENDED:
            raise AlreadyEnded(job_id, job.status)
        _cancel(session, job, now)
        return job


def cancel_all_of_sweep(session: Session, sweep_id: str, *, now: float) -> list[Job]:
    """Cancel the jobs of a sweep that have not ended, as cancel() does. Returns them."""
    live = select(Job).where(Job.sweep_id == sweep_id, Job.status.not_in(ENDED)).order_by(Job.id).with_for_update()
    found = list(session.scalars(live))
    for job in found:
        _cancel(session, job, now)
    return found


def _cancel(session: Session, job: Job, now: float) -> None:
    if job.status == "queued":
        _cancel_waiting(session, job, now)
    else:
        job.cancel_requested = True


def write_nothing(database: Database) -> None:
    """Raises what a heartbeat would raise while the database takes none: a lock may keep out writers alone."""
    with database.write() as session:
        session.execute(update(Job).where(Job.id == "").values(epoch_progress=0.0))


def recover_expired(database: Database, *, now: float, attempt_limit: int) -> list[Job]:
    """Requeue running jobs whose lease ran out, as a new attempt. Returns those changed.

    A job fails when so many attempts in a row have finished no epoch: one that gets on may lose its worker any number
    of times.
    """
    with database.write() as session:
        expired = list(
            session.scalars(
                select(Job).where(Job.status == "running", Job.lease_expires_at < now).with_for_update(skip_locked=True)
            )
        )
        for job in expired:
            in_vain = job.attempt - job.progress_attempt
            if in_vain < attempt_limit or job.cancel_requested:
                _requeue(session, job, now=now, attempt=job.attempt + 1)
                continue
            error = {
                "code": "worker-lost",
                "detail": f"The worker died or fell silent in {in_vain} attempts in a row, with no epoch finished; "
                f"{job.epochs_done} of {job.epochs} epochs are kept. If its machine ran out of memory, "
                "try a smaller batch_size or a smaller network.",
            }
            for name, value in _ended("failed", now, error).items():
                setattr(job, name, value)
            job.fencing_token += 1
        return expired


def fenced(session: Session, claim: Hold, changes: dict[str, Any], *conditions: Any) -> None:
    """Change a running job in the name of its holder. Raises LeaseLost where it is another's, or a condition fails."""
    changed = session.scalar(
        update(Job)
        .where(Job.id == claim.job_id, Job.status == "running", Job.fencing_token == claim.token, *conditions)
        .values(changes)
        .returning(Job.id)
    )
    if changed is None:
        raise LeaseLost(claim.job_id)


def _ended(status: Status, now: float, error: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "status": status,
        "ended_at": now,
        "error": error,
        "lease_owner": None,
        "lease_expires_at": None,
        "epoch_progress": 0.0,
    }


def _cancel_waiting(session: Session, job: Job, now: float) -> None:
    for name, value in _ended("cancelled", now).items():
        setattr(job, name, value)
    session.execute(delete(Outbox).where(Outbox.job_id == job.id))


def _requeue(session: Session, job: Job, *, now: float, attempt: int) -> None:
    job.fencing_token += 1
    if job.cancel_requested:
        _cancel_waiting(session, job, now)
        return
    job.status = "queued"
    job.attempt = attempt
    job.lease_owner = job.lease_expires_at = None
    job.epoch_progress = 0.0
    session.add(Outbox(job_id=job.id, attempt=attempt, created_at=now))
