"""The state machine of a job: the only code that changes a job's status.

    queued --claim--> running --end--> succeeded | failed | cancelled
       ^                 |
       +--release, or a lease that ran out--+

A claim is a lease with a fencing token. Every write of its holder names the token and changes nothing when the
token is no longer the job's. Time is handed in as Unix seconds.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, make_transient

from cnnservice.broker import train_queue
from cnnservice.database.engine import Database, viewer_of
from cnnservice.database.tables import Epoch, IdempotencyKey, Job, JobTag, Outbox, Sweep
from cnnservice.datasets.catalogue import hold_dataset
from cnnservice.errors import ConflictError, NotFoundError
from cnnservice.specs.job import JobSpec
from cnnservice.weights import StoredFile

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]
ID_PATTERN = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
ENDED: tuple[Status, ...] = ("succeeded", "failed", "cancelled")


class UnknownJob(NotFoundError):
    """No job has this id."""

    code = "unknown-job"
    title = "Unknown job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job or model {job_id!r}; GET /v1/jobs lists those there are.")


class UnknownEpoch(NotFoundError):
    """No such epoch is stored, or not yet."""

    code = "unknown-epoch"
    title = "Unknown epoch"

    def __init__(self, model_id: str, epoch: int | Literal["last"], stored: int) -> None:
        have = f"stored are 0 to {stored - 1}" if stored else "none is stored yet; the job has not begun"
        super().__init__(f"Model {model_id} has no epoch {epoch}: {have}. Use a number among these or 'last'.")


class EpochNotKept(NotFoundError):
    """The epoch was trained, and its weights were dropped, as the job's `keep` says."""

    code = "epoch-not-kept"
    title = "Epoch not kept"

    def __init__(self, model_id: str, epoch: int, keep: dict[str, Any]) -> None:
        said = {name: value for name, value in keep.items() if value is not None}
        super().__init__(
            f"The weights of epoch {epoch} of model {model_id} were not kept: its job says keep {json.dumps(said)}. "
            f"epochs_available of GET /v1/models/{model_id} lists those that are there."
        )


class AlreadyEnded(ConflictError):
    """A job that has ended cannot be cancelled."""

    code = "already-ended"
    title = "Job has ended"

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"Job {job_id} has {status} already; only a queued or running job can be cancelled.")


class StillLive(ConflictError):
    """A job that has not ended cannot be deleted."""

    code = "still-live"
    title = "Job has not ended"

    def __init__(self, job_id: str, status: str) -> None:
        super().__init__(f"Job {job_id} is {status}; cancel it and wait for its end before deleting it.")


class KeyReused(ConflictError):
    """An idempotency key came with another body."""

    code = "idempotency-key-reused"
    title = "Idempotency key reused"

    def __init__(self, key: str, job_id: str) -> None:
        super().__init__(f"Idempotency-Key {key!r} made job {job_id} from another body; use a new key for a new job.")


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


@dataclass(frozen=True)
class EpochRecord:
    """An epoch to publish: its file is already whole in the store."""

    epoch: int
    file: StoredFile
    metrics: dict[str, float]
    seconds: float


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
    parent = _get(session, parent_id, for_update=True)
    if not isinstance(epoch, int) or epoch >= parent.epochs_stored:
        raise UnknownEpoch(parent_id, epoch, parent.epochs_stored)
    if not session.get_one(Epoch, (parent_id, epoch)).kept:
        raise EpochNotKept(parent_id, epoch, parent.spec["keep"])
    job.parent_id, job.start_epoch, job.epochs_stored = parent_id, epoch, epoch + 1
    job.normalizer = parent.normalizer
    rows = session.scalars(select(Epoch).where(Epoch.job_id == parent_id, Epoch.epoch <= epoch))
    columns = [column.key for column in Epoch.__table__.columns if column.key != "job_id"]
    session.add_all(Epoch(job_id=job.id, **{name: getattr(row, name) for name in columns}) for row in list(rows))


def children(database: Database, job_id: str) -> list[str]:
    """The ids of the jobs that go on from this one and that the viewer may see, oldest first."""
    query = select(Job.id).where(Job.parent_id == job_id).order_by(Job.id)
    with database.read() as session:
        return list(session.scalars(database.viewer.among(query, Job.owner)))


def _job_of_key(database: Database, key: IdempotencyKey, sent: str) -> Job | None:
    with database.read() as session:
        record = session.get(IdempotencyKey, key.key)
        if record is None:
            return None
        if record.body_sha256 != key.body_sha256:
            raise KeyReused(sent, record.job_id)
        return session.get(Job, record.job_id)


def get(database: Database, job_id: str) -> Job:
    """The job. Raises UnknownJob."""
    with database.read() as session:
        return _get(session, job_id)


def _get(session: Session, job_id: str, *, for_update: bool = False) -> Job:
    job = session.get(Job, job_id, with_for_update=for_update or None) if re.fullmatch(ID_PATTERN, job_id) else None
    if job is None or not viewer_of(session).may_see(job.owner):
        raise UnknownJob(job_id)
    return job


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
        job = _get(session, job_id)
        number = job.epochs_stored - 1 if epoch is None else epoch
        return job, session.get(Epoch, (job_id, number))


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
        job = _get(session, job_id)
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


def commit_epoch(
    database: Database,
    claim: Claim,
    record: EpochRecord,
    *,
    now: float,
    lease_seconds: float,
    drop: Collection[int] = (),
) -> list[str]:
    """Publish the next epoch, and drop the weights of others. Raises LeaseLost, also when it is not the next one.

    Returns the paths of the dropped epochs' files that no job needs any more. Publishing the same again changes
    nothing: who saw the connection break does not know whether it was.
    """
    changes: dict[str, Any] = {
        "epochs_stored": record.epoch + 1,
        "epoch_progress": 0.0,
        "lease_expires_at": now + lease_seconds,
    }
    if record.epoch > 0:
        changes |= {
            "latest": record.metrics,
            "seconds_per_epoch": record.seconds,
            "progress_attempt": claim.attempt,
        }
    with database.write() as session:
        if not _published_before(session, claim, record):
            _fenced(session, claim, changes, Job.epochs_stored == record.epoch)
            session.add(
                Epoch(
                    job_id=claim.job_id,
                    epoch=record.epoch,
                    path=record.file.path,
                    size=record.file.size,
                    header_size=record.file.header_size,
                    header_sha256=record.file.header_sha256,
                    metrics=record.metrics,
                    seconds=record.seconds,
                    created_at=now,
                    kept=True,
                )
            )
        return _drop(session, claim.job_id, drop) if drop else []


def _drop(session: Session, job_id: str, epochs: Collection[int]) -> list[str]:
    mine = (Epoch.job_id == job_id, Epoch.epoch.in_(epochs))
    session.execute(update(Epoch).where(*mine).values(kept=False))
    return list(session.scalars(select(Epoch.path).where(*mine, ~_kept_by_another(job_id))))


def _kept_by_another(job_id: str) -> ColumnElement[bool]:
    """Whether the file of an epoch of this job is that of another job's, too: of one that goes on from it, say.

    Asked path by path: NOT IN would read every epoch there is.
    """
    other = aliased(Epoch)
    return exists().where(other.path == Epoch.path, other.job_id != job_id, other.kept)


def kept_epochs(database: Database, job_id: str) -> dict[int, int]:
    """The size in bytes of the weights of each epoch that is still there."""
    query = select(Epoch.epoch, Epoch.size).where(Epoch.job_id == job_id, Epoch.kept).order_by(Epoch.epoch)
    with database.read() as session:
        return {row.epoch: row.size for row in session.execute(query)}


def _published_before(session: Session, claim: Claim, record: EpochRecord) -> bool:
    # A path holds the token, so that nobody else can have published it.
    row = session.get(Epoch, (claim.job_id, record.epoch))
    if row is None or row.path != record.file.path:
        return False
    _fenced(session, claim, {"epoch_progress": 0.0}, Job.epochs_stored == record.epoch + 1)
    return True


def note_runtime(database: Database, claim: Claim, runtime: dict[str, Any], normalizer: dict[str, Any]) -> None:
    """Record the device and versions that this training's bits hold for, and how its images are normalised.

    Raises LeaseLost.
    """
    with database.write() as session:
        _fenced(session, claim, {"runtime": runtime, "normalizer": normalizer})


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
        _fenced(session, claim, _ended(status, now, error))


def release(database: Database, claim: Claim, *, now: float) -> None:
    """Give a running job back unfinished, as at a shutdown: it is queued again, not counted as an attempt lost.

    A cancellation that came in between is carried out instead. Raises LeaseLost.
    """
    with database.write() as session:
        _fenced(session, claim, {"lease_owner": None})
        _requeue(session, _get(session, claim.job_id), now=now, attempt=claim.attempt)


def cancel(database: Database, job_id: str, *, now: float) -> Job:
    """Cancel a queued job now, or ask a running one to stop at its next batch. Raises UnknownJob, AlreadyEnded."""
    with database.write() as session:
        job = _get(session, job_id, for_update=True)
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


def remove(database: Database, job_id: str) -> list[str]:
    """Delete an ended job with its epochs' rows. Returns the paths of the files that no job has any more.

    Raises UnknownJob, StillLive.
    """
    with database.write() as session:
        job = _get(session, job_id, for_update=True)
        if job.status not in ENDED:
            raise StillLive(job_id, job.status)
        unshared = session.scalars(select(Epoch.path).where(Epoch.job_id == job_id, ~_kept_by_another(job_id)))
        paths = list(unshared)
        session.execute(delete(Job).where(Job.id == job_id))
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.job_id == job_id))
        return paths


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


def forget_idempotency_keys(database: Database, *, before: float) -> int:
    """Forget the keys of jobs that were posted before a time. Returns how many they were."""
    with database.write() as session:
        forgotten = session.scalars(
            delete(IdempotencyKey).where(IdempotencyKey.created_at < before).returning(IdempotencyKey.key)
        )
        return len(list(forgotten))


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


def _fenced(session: Session, claim: Hold, changes: dict[str, Any], *conditions: Any) -> None:
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
