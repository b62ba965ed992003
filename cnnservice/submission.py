"""Storing a new job: with the wake-up it is owed, the epochs it goes on from, the key it may have been posted with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, Literal

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, make_transient

from cnnservice.broker import train_queue
from cnnservice.database.engine import Database
from cnnservice.database.tables import Epoch, IdempotencyKey, Job, JobTag, Outbox
from cnnservice.datasets.catalogue import hold_dataset
from cnnservice.job_errors import EpochNotKept, KeyReused, UnknownEpoch
from cnnservice.jobs import get_in
from cnnservice.specs.job import JobSpec


def submit(
    database: Database,
    spec: JobSpec,
    *,
    job_id: str,
    now: float,
    idempotency_key: str | None = None,
    body_sha256: str = "",
    dataset_record: dict[str, Any] | None = None,
    admit: Callable[[Session], None] = lambda _session: None,
) -> tuple[Job, bool]:
    """Store a job and the wake-up it is owed in one transaction. Returns the job, and whether it is new.

    One that goes on from another, at an epoch that its spec tells by number, begins with the other's epochs as its own.
    dataset_record tells an uploaded data set. admit is asked, in the same transaction, whether there may be one more
    job; what was posted before is not asked about. Raises KeyReused when the key made a job from another body,
    UnknownJob and UnknownEpoch when there is nothing to go on from, UnknownDataset when the data set has been deleted
    meanwhile, and what admit raises.
    """
    owner = database.viewer.owner
    job = new_job(spec, job_id=job_id, now=now, owner=owner, dataset_record=dataset_record)
    if idempotency_key is None:
        _insert(database, spec, job, admit)
        return job, True
    key = IdempotencyKey(key=own_key(owner, idempotency_key), body_sha256=body_sha256, job_id=job_id, created_at=now)
    try:
        _insert(database, spec, job, admit, key)
        return job, True
    except IntegrityError:
        if (found := _job_of_key(database, key, idempotency_key)) is not None:
            return found, False
    # The key's job was deleted in between, and the key with it.
    make_transient(job)
    make_transient(key)
    _insert(database, spec, job, admit, key)
    return job, True


def own_key(owner: str | None, idempotency_key: str) -> str:
    """An idempotency key as it is stored: who has the same as another does not meet what is the other's."""
    return idempotency_key if owner is None else f"{owner}/{hashlib.sha256(idempotency_key.encode()).hexdigest()}"


def new_job(
    spec: JobSpec,
    *,
    job_id: str,
    now: float,
    owner: str | None,
    dataset_record: dict[str, Any] | None = None,
    sweep_id: str | None = None,
    trial: int | None = None,
) -> Job:
    """A job that is not stored yet."""
    return Job(
        id=job_id,
        status="queued",
        owner=owner,
        queue=train_queue(spec.accelerator),
        priority=spec.priority,
        dataset=spec.dataset,
        spec=spec.model_dump(mode="json"),
        created_at=now,
        attempt=1,
        running_seconds=0.0,
        progress_attempt=0,
        fencing_token=0,
        cancel_requested=False,
        epochs=spec.epochs,
        epochs_stored=0,
        epoch_progress=0.0,
        start_epoch=0,
        dataset_record=dataset_record,
        sweep_id=sweep_id,
        trial=trial,
    )


def _insert(
    database: Database, spec: JobSpec, job: Job, admit: Callable[[Session], None], key: IdempotencyKey | None = None
) -> None:
    with database.write() as session:
        if key is not None:
            session.add(key)
            session.flush()
        admit(session)
        insert(session, spec, job)


def insert(session: Session, spec: JobSpec, job: Job) -> None:
    """Store a new job with the wake-up it is owed. Raises what submit() does, but for keys.

    Where it raises UnknownDataset, nothing has been stored.
    """
    if job.dataset_record is not None:
        hold_dataset(session, spec.dataset, job.dataset_record["sha256"])
    session.add(job)
    session.flush()
    if spec.continue_from is not None:
        _inherit(session, job, spec.continue_from.model_id, spec.continue_from.epoch)
    session.add_all(JobTag(tag=tag, job_id=job.id) for tag in dict.fromkeys(spec.tags))
    session.add(Outbox(job_id=job.id, attempt=1, created_at=job.created_at))


def _inherit(session: Session, job: Job, parent_id: str, epoch: int | Literal["last"]) -> None:
    """Give a new job its parent's epochs up to this one: the rows are copied, the files shared."""
    # Locked, so that the parent is not deleted, nor its weights dropped, in between.
    parent = get_in(session, parent_id, for_update=True)
    if not isinstance(epoch, int) or epoch >= parent.epochs_stored:
        raise UnknownEpoch(parent_id, epoch, parent.epochs_stored)
    if not session.get_one(Epoch, (parent_id, epoch)).kept:
        raise EpochNotKept(parent_id, epoch, parent.spec["keep"])
    job.parent_id, job.start_epoch, job.epochs_stored = parent_id, epoch, epoch + 1
    job.normalizer = parent.normalizer
    rows = session.scalars(select(Epoch).where(Epoch.job_id == parent_id, Epoch.epoch <= epoch))
    columns = [column.key for column in Epoch.__table__.columns if column.key != "job_id"]
    session.add_all(Epoch(job_id=job.id, **{name: getattr(row, name) for name in columns}) for row in list(rows))


def _job_of_key(database: Database, key: IdempotencyKey, sent: str) -> Job | None:
    with database.read() as session:
        record = session.get(IdempotencyKey, key.key)
        if record is None:
            return None
        if record.body_sha256 != key.body_sha256:
            raise KeyReused(sent, record.job_id)
        return session.get(Job, record.job_id)


def forget_idempotency_keys(database: Database, *, before: float) -> int:
    """Forget the keys of jobs that were posted before a time. Returns how many they were."""
    with database.write() as session:
        forgotten = session.scalars(
            delete(IdempotencyKey).where(IdempotencyKey.created_at < before).returning(IdempotencyKey.key)
        )
        return len(list(forgotten))
