"""What is asked of the stored jobs and their epochs, and changes nothing."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import exists, select

from cnnservice.database.engine import Database
from cnnservice.database.tables import Epoch, Job, JobTag, Sweep
from cnnservice.jobs import ENDED, Status, get_in


def children(database: Database, job_id: str) -> list[str]:
    """The ids of the jobs that go on from this one and that the viewer may see, oldest first."""
    query = select(Job.id).where(Job.parent_id == job_id).order_by(Job.id)
    with database.read() as session:
        return list(session.scalars(database.viewer.among(query, Job.owner)))


def get(database: Database, job_id: str) -> Job:
    """The job. Raises UnknownJob."""
    with database.read() as session:
        return get_in(session, job_id)


def list_jobs(
    database: Database,
    *,
    limit: int,
    before: str | None = None,
    status: Status | None = None,
    dataset: str | None = None,
    tag: str | None = None,
    sweep: str | None = None,
) -> list[Job]:
    """Jobs that the viewer may see, newest first, whose id is below `before`."""
    query, job_id = database.viewer.among(select(Job), Job.owner), Job.id
    if tag is not None:
        query = query.join(JobTag, JobTag.job_id == Job.id).where(JobTag.tag == tag)
        if status is None and dataset is None and sweep is None:
            # The tag's own rows are in this order; by the other id, SQLite reads all of them and sorts.
            job_id = JobTag.job_id
    if before is not None:
        query = query.where(job_id < before)
    if status is not None:
        query = query.where(Job.status == status)
    if dataset is not None:
        query = query.where(Job.dataset == dataset)
    if sweep is not None:
        query = query.where(Job.sweep_id == sweep)
    with database.read() as session:
        return list(session.scalars(query.order_by(job_id.desc()).limit(limit)))


def list_epochs(
    database: Database, job_id: str, *, after: int = -1, up_to: int | None = None, kept: bool = False
) -> list[Epoch]:
    """Published epochs in order, those above `after` and at most `up_to`; with kept, those whose weights are there."""
    query = select(Epoch).where(Epoch.job_id == job_id, Epoch.epoch > after).order_by(Epoch.epoch)
    if up_to is not None:
        query = query.where(Epoch.epoch <= up_to)
    if kept:
        query = query.where(Epoch.kept)
    with database.read() as session:
        return list(session.scalars(query))


def get_with_epoch(database: Database, job_id: str, epoch: int | None = None) -> tuple[Job, Epoch | None]:
    """The job and one of its published epochs, the newest where none is named. Raises UnknownJob."""
    with database.read() as session:
        job = get_in(session, job_id)
        number = job.epochs_stored - 1 if epoch is None else epoch
        return job, session.get(Epoch, (job_id, number))


def kept_epochs(database: Database, job_id: str) -> dict[int, int]:
    """The size in bytes of the weights of each epoch that is still there."""
    query = select(Epoch.epoch, Epoch.size).where(Epoch.job_id == job_id, Epoch.kept).order_by(Epoch.epoch)
    with database.read() as session:
        return {row.epoch: row.size for row in session.execute(query)}


def ended_too_long_ago(database: Database, *, before: float | None, newest: int | None) -> list[str]:
    """Ended jobs that ended before a time, or are not among so many that ended last; the oldest first.

    Not those of a sweep that still runs: its next rungs go on from them.
    """
    runs = exists().where(Sweep.id == Job.sweep_id, Sweep.status == "running")
    query = (
        select(Job.id, Job.ended_at).where(Job.status.in_(ENDED), ~runs).order_by(Job.ended_at.desc(), Job.id.desc())
    )
    with database.read() as session:
        ended = list(session.execute(query))
    too_many = set(ended[newest:] if newest is not None else [])
    return [row.id for row in reversed(ended) if row in too_many or (before is not None and row.ended_at < before)]


def running_tokens(database: Database, job_ids: Collection[str]) -> dict[str, int]:
    """Of these jobs, those that run, and the token that each is held by."""
    query = select(Job.id, Job.fencing_token).where(Job.id.in_(job_ids), Job.status == "running")
    with database.read() as session:
        return {row.id: row.fencing_token for row in session.execute(query)}


def existing(database: Database, job_ids: Collection[str]) -> set[str]:
    """Those of these jobs that there are."""
    with database.read() as session:
        return set(session.scalars(select(Job.id).where(Job.id.in_(job_ids))))


def paths_in_use(database: Database, paths: list[str]) -> set[str]:
    """Those of these files that some job's epoch is in, and is kept."""
    with database.read() as session:
        return set(session.scalars(select(Epoch.path).where(Epoch.path.in_(paths), Epoch.kept)))
