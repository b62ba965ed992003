"""A database as years of use leave it, filled in bulk: jobs, their tags and wake-ups, and their epochs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, MetaData, Table, insert, literal, select, text, true
from sqlalchemy.orm import Session
from uuid_utils import uuid4, uuid7

from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.tables import Epoch, IdempotencyKey, Job, JobTag, Outbox
from cnnservice.specs.job import JobSpec

EPOCHS = 30
# As many in a small database as in a large one, so that what is asked of both has the same answer.
QUEUED, RUNNING, OLD = 20, 4, 3
# Every job has the first tag; the others are those of the oldest jobs alone.
COMMON_TAG, OLD_TAG, OLD_DATASET = "course", "pilot", "leaves"
_YEARS_SECONDS = 3 * 365 * 86400.0
_EPOCH_SECONDS = 1.8


@dataclass(frozen=True)
class Filled:
    """A database and the ids of its jobs, oldest first."""

    database: Database
    ids: list[str]

    @property
    def queued(self) -> list[str]:
        """The newest."""
        return self.ids[-QUEUED:]

    @property
    def running(self) -> list[str]:
        """Those before them."""
        return self.ids[-QUEUED - RUNNING : -QUEUED]

    @property
    def trained(self) -> list[str]:
        """Those before them, but for the oldest, which were cancelled."""
        return self.ids[OLD : -QUEUED - RUNNING]


def fill(url: str, jobs: int) -> Filled:
    """Bring an empty database to the newest schema and put so many jobs into it, with EPOCHS epochs and epoch 0."""
    database = Database(url, timeout_seconds=600)
    upgrade(database)
    created = list(_jobs(jobs, time.time()))
    postgresql = database.engine.dialect.name == "postgresql"
    with database.write() as session:
        if postgresql:  # or it would look up each row's job
            session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(insert(Job), created)
        session.execute(insert(JobTag), [{"job_id": job["id"], "tag": tag} for job in created for tag in _tags(job)])
        session.execute(insert(Outbox), [_wakeup(job) for job in created if job["status"] == "queued"])
        session.execute(insert(IdempotencyKey), [_key(job) for job in created])
        _insert_epochs(session)
    if postgresql:  # what its own daemon does some time later
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    return Filled(database, [job["id"] for job in created])


def _jobs(count: int, now: float) -> Iterator[dict[str, Any]]:
    for number in range(count):
        created_at = now - _YEARS_SECONDS * (1 - number / count)
        status = _status(number, count)
        dataset = OLD_DATASET if number < OLD else ("mnist", "mnist", "mnist", "fashion_mnist", "cifar10")[number % 5]
        tags = (COMMON_TAG, f"group-{number % 50}", *([OLD_TAG] if number < OLD else []))
        began, ended = status != "queued", status not in ("queued", "running")
        done = {"queued": 0, "running": EPOCHS // 2, "cancelled": EPOCHS // 2}.get(status, EPOCHS)
        yield {
            "id": str(uuid7(nanoseconds=int(created_at * 1e9))),
            "status": status,
            "dataset": dataset,
            "spec": JobSpec(dataset=dataset, epochs=EPOCHS, seed=number, tags=tags).model_dump(mode="json"),
            "created_at": created_at,
            "started_at": created_at + 1 if began else None,
            "ended_at": created_at + 1 + done * _EPOCH_SECONDS if ended else None,
            "attempt": 1,
            "progress_attempt": 1 if done else 0,
            "fencing_token": 1 if began else 0,
            "lease_owner": "worker:1" if status == "running" else None,
            # A day, so that none is taken for lost.
            "lease_expires_at": now + 86400 if status == "running" else None,
            "cancel_requested": status == "cancelled",
            "epochs": EPOCHS,
            "epochs_stored": done + 1 if began else 0,
            "epoch_progress": 0.0,
            "seconds_per_epoch": _EPOCH_SECONDS if done else None,
            "latest": _metrics(done) if done else None,
            "error": {"code": "diverged", "detail": "The loss is no longer a number."} if status == "failed" else None,
            "runtime": {"device": "CPU", "versions": {"keras": "3.15.0", "numpy": "2.4.0"}} if began else None,
            "normalizer": {"name": "minus_one_one", "mean": [], "std": []} if began else None,
        }


def _status(number: int, count: int) -> str:
    if number < OLD:
        return "cancelled"
    if number >= count - QUEUED:
        return "queued"
    if number >= count - QUEUED - RUNNING:
        return "running"
    return "failed" if number % 50 == 0 else "succeeded"


def _tags(job: dict[str, Any]) -> list[str]:
    tags: list[str] = job["spec"]["tags"]
    return tags


def _wakeup(job: dict[str, Any]) -> dict[str, Any]:
    return {"job_id": job["id"], "attempt": 1, "created_at": job["created_at"], "published_at": job["created_at"]}


def _key(job: dict[str, Any]) -> dict[str, Any]:
    return {"key": str(uuid4()), "body_sha256": "5f" * 32, "job_id": job["id"], "created_at": job["created_at"]}


def _metrics(epoch: int) -> dict[str, float]:
    loss, accuracy = 2.302585092994046 / (1 + epoch / 3), 1 - 0.8973214285714286 / (1 + epoch)
    names = ("loss", "categorical_accuracy", "val_loss", "val_categorical_accuracy")
    return dict(zip(names, (loss, accuracy, loss * 1.0312, accuracy * 0.9914), strict=True))


def _insert_epochs(session: Session) -> None:
    """A row for each epoch that a job has stored, made within the database from one job's worth of them."""
    columns = [Epoch.epoch, Epoch.path, Epoch.metrics]
    one = Table("one_job", MetaData(), *(Column(c.key, c.type) for c in columns), prefixes=["TEMPORARY"])
    one.create(session.connection())
    session.execute(
        insert(one),
        [
            {"epoch": epoch, "path": f"/t1/epoch-{epoch:05d}.safetensors", "metrics": _metrics(epoch)}
            for epoch in range(EPOCHS + 1)
        ],
    )
    rows = select(
        Job.id,
        one.c.epoch,
        literal("models/") + Job.id + one.c.path,
        literal(624_312),
        literal(1_880),
        literal("5f" * 32),
        one.c.metrics,
        literal(_EPOCH_SECONDS),
        Job.created_at + one.c.epoch * _EPOCH_SECONDS,
        true(),
    ).where(one.c.epoch < Job.epochs_stored)
    session.execute(insert(Epoch).from_select([column.key for column in Epoch.__table__.columns], rows))
    one.drop(session.connection())
