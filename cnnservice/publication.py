"""Publishing a job's epochs: the row that says that an epoch is there, and what becomes of the weights of others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update
from sqlalchemy.orm import Session, aliased

from cnnservice.database.engine import Database
from cnnservice.database.tables import Epoch, Job
from cnnservice.jobs import Claim, fenced
from cnnservice.weights import StoredFile


@dataclass(frozen=True)
class EpochRecord:
    """An epoch to publish: its file is already whole in the store."""

    epoch: int
    file: StoredFile
    metrics: dict[str, float]
    seconds: float


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
            fenced(session, claim, changes, Job.epochs_stored == record.epoch)
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


def _published_before(session: Session, claim: Claim, record: EpochRecord) -> bool:
    # A path holds the token, so that nobody else can have published it.
    row = session.get(Epoch, (claim.job_id, record.epoch))
    if row is None or row.path != record.file.path:
        return False
    fenced(session, claim, {"epoch_progress": 0.0}, Job.epochs_stored == record.epoch + 1)
    return True


def _drop(session: Session, job_id: str, epochs: Collection[int]) -> list[str]:
    mine = (Epoch.job_id == job_id, Epoch.epoch.in_(epochs))
    session.execute(update(Epoch).where(*mine).values(kept=False))
    return list(session.scalars(select(Epoch.path).where(*mine, ~kept_by_another(job_id))))


def kept_by_another(job_id: str) -> ColumnElement[bool]:
    """Whether the file of an epoch of this job is that of another job's, too: of one that goes on from it, say.

    Asked path by path: NOT IN would read every epoch there is.
    """
    other = aliased(Epoch)
    return exists().where(other.path == Epoch.path, other.job_id != job_id, other.kept)
