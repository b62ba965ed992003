"""The tables. Times are Unix seconds; JSON columns hold what is only ever read whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Double, ForeignKey, Index, String, Text, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Json = dict[str, Any]


class Base(DeclarativeBase):
    """What Alembic compares the database with."""

    type_annotation_map = {float: Double, Json: JSON, list[str]: JSON, int: BigInteger}  # noqa: RUF012


class Job(Base):
    """A training run and the model it makes: they share the id.

    status moves queued -> running -> succeeded | failed | cancelled, and back to queued when a lease runs out.
    fencing_token grows at every claim and at every loss of the lease: a writer with an older one writes nothing.
    progress_attempt is the last attempt that finished an epoch; those since were in vain. running_seconds is how long
    workers have run it, up to their last heartbeats.
    epochs_stored counts epoch rows, epoch 0 among them. A job that goes on from another begins with the other's rows up
    to start_epoch; epochs counts those it is to train itself. dataset_record tells what it is trained on, normalizer
    how its images are normalised, once that is known. owner is who asked for it, where keys tell; queue is that of the
    workers that can run it, and priority orders those of one owner, the highest first. A sweep's job has sweep_id and
    the number of its trial.
    """

    __tablename__ = "jobs"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    dataset: Mapped[str] = mapped_column(String(64))
    spec: Mapped[Json]
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    ended_at: Mapped[float | None]
    attempt: Mapped[int] = mapped_column(default=1)
    progress_attempt: Mapped[int] = mapped_column(default=0, server_default="0")
    running_seconds: Mapped[float] = mapped_column(default=0.0, server_default="0")
    fencing_token: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    lease_expires_at: Mapped[float | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    epochs: Mapped[int]
    epochs_stored: Mapped[int] = mapped_column(default=0)
    epoch_progress: Mapped[float] = mapped_column(default=0.0)
    seconds_per_epoch: Mapped[float | None]
    latest: Mapped[Json | None]
    error: Mapped[Json | None]
    runtime: Mapped[Json | None]
    start_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    parent_id: Mapped[str | None] = mapped_column(String(36), index=True)
    dataset_record: Mapped[Json | None]
    normalizer: Mapped[Json | None]
    owner: Mapped[str | None] = mapped_column(String(64))
    priority: Mapped[int] = mapped_column(default=0, server_default="0")
    queue: Mapped[str] = mapped_column(String(16), default="train", server_default="train")
    sweep_id: Mapped[str | None] = mapped_column(String(36))
    trial: Mapped[int | None]

    __table_args__ = (
        Index("ix_jobs_sweep_id", "sweep_id", "id"),
        Index("ix_jobs_status_id", "status", "id"),
        Index("ix_jobs_dataset_id", "dataset", "id"),
        Index("ix_jobs_status_dataset_id", "status", "dataset", "id"),
        Index("ix_jobs_lease", "status", "lease_expires_at"),
        Index("ix_jobs_owner_id", "owner", "id"),
        Index("ix_jobs_owner_started_at", "owner", "started_at"),
        Index("ix_jobs_status_queue_owner", "status", "queue", "owner"),
    )

    @property
    def epochs_done(self) -> int:
        """Epochs this job has trained and stored; what it began with does not count."""
        return max(self.epochs_stored - 1 - self.start_epoch, 0)


class JobTag(Base):
    """A job's tags, one a row, for filtering."""

    __tablename__ = "job_tags"

    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(
        String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class Epoch(Base):
    """An epoch that is published: its file is whole. A file without such a row is garbage.

    kept says whether the weights are still there; of one whose weights were dropped, the row is its history.
    """

    __tablename__ = "epochs"

    job_id: Mapped[str] = mapped_column(String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    path: Mapped[str] = mapped_column(String(256), index=True)
    size: Mapped[int]
    header_size: Mapped[int]
    header_sha256: Mapped[str] = mapped_column(String(64))
    metrics: Mapped[Json]
    seconds: Mapped[float]
    created_at: Mapped[float]
    kept: Mapped[bool] = mapped_column(default=True, server_default=true())


class Outbox(Base):
    """A wake-up that a queued job is owed; deleted when the job is claimed or ends."""

    __tablename__ = "outbox"

    job_id: Mapped[str] = mapped_column(String(36), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    attempt: Mapped[int]
    created_at: Mapped[float]
    published_at: Mapped[float | None] = mapped_column(index=True)


class IdempotencyKey(Base):
    """Which job a client's key made, and from which body."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    job_id: Mapped[str] = mapped_column(String(36), index=True)
    created_at: Mapped[float] = mapped_column(index=True)


class Computation(Base):
    """A long computation on a model's weights. Its id is its question's, so that what is asked twice is one row.

    status moves queued -> running -> succeeded | failed, and back to queued when a lease runs out or it is asked for
    anew. fencing_token grows as a job's does. attempt counts the workers that were given it since it was asked for;
    progress is 0 to 1, message what is done now. arguments are all that a worker needs besides the model; result_url
    is where the answer to the request that asked first is to be had.
    """

    __tablename__ = "computations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    model_id: Mapped[str] = mapped_column(String(36), ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str] = mapped_column(String(32))
    arguments: Mapped[Json]
    result_url: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    progress: Mapped[float] = mapped_column(default=0.0)
    message: Mapped[str] = mapped_column(String(200), default="")
    attempt: Mapped[int] = mapped_column(default=1)
    fencing_token: Mapped[int] = mapped_column(default=0)
    lease_owner: Mapped[str | None] = mapped_column(String(128))
    lease_expires_at: Mapped[float | None]
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    ended_at: Mapped[float | None]
    error: Mapped[Json | None]

    __table_args__ = (Index("ix_computations_status_created_at", "status", "created_at"),)


class UploadedDataset(Base):
    """A name that a client gave to images. It stays bound to them when they are deleted: see Catalogue.add."""

    __tablename__ = "uploaded_datasets"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    record: Mapped[Json]
    created_at: Mapped[float]
    deleted_at: Mapped[float | None]
    owner: Mapped[str | None] = mapped_column(String(64))


class ApiKey(Base):
    """A key that was given out. Its secret is nowhere but with who has it; a revoked one stays, as its owner's past."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(16))
    secret_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float]
    revoked_at: Mapped[float | None]


class AuditEntry(Base):
    """A change that somebody made or was refused: what was asked for, by whom, from where, and the answer's status."""

    __tablename__ = "audit_entries"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    created_at: Mapped[float] = mapped_column(index=True)
    owner: Mapped[str | None] = mapped_column(String(64))
    key_id: Mapped[str | None] = mapped_column(String(16))
    action: Mapped[str] = mapped_column(String(200))
    status: Mapped[int | None]
    address: Mapped[str | None] = mapped_column(String(64))


class Sweep(Base):
    """Many jobs that differ in some of their settings.

    status moves running -> succeeded | failed | cancelled. A client's idempotency key, and the digest of the body that
    came with it, are here and not among those of jobs: keys of different requests have nothing to do with each other.
    """

    __tablename__ = "sweeps"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    status: Mapped[str] = mapped_column(String(16), index=True)
    owner: Mapped[str | None] = mapped_column(String(64))
    spec: Mapped[Json]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    idempotency_key: Mapped[str | None] = mapped_column(String(255), unique=True)
    body_sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[float]
    ended_at: Mapped[float | None]


class SweepTrial(Base):
    """One of a sweep's trials: its values by JSON pointer, and the whole job that they make, with all its epochs.

    job_id is the job of the rung that it has come to, counted from 0. outcome is succeeded, stopped, failed or
    cancelled once its rung was judged; until then its job says how it stands. error is what keeps it from the next
    rung: for good, or, without an outcome, until there is room.
    """

    __tablename__ = "sweep_trials"

    sweep_id: Mapped[str] = mapped_column(String(36), ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[Json]
    spec: Mapped[Json]
    dataset_record: Mapped[Json | None]
    job_id: Mapped[str] = mapped_column(String(36))
    rung: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str | None] = mapped_column(String(16))
    error: Mapped[Json | None]
