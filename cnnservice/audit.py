"""Who changed what, and who was refused: kept in the database, where keys tell who is who."""

from __future__ import annotations

from sqlalchemy import delete, select
from uuid_utils import uuid7

from cnnservice.database.engine import Database
from cnnservice.database.tables import AuditEntry

_ACTION_LENGTH = 200


def record(
    database: Database,
    action: str,
    *,
    now: float,
    owner: str | None = None,
    key_id: str | None = None,
    status: int | None = None,
    address: str | None = None,
) -> None:
    """Keep that this was done, or refused: status is that of the answer, None of what the command line did."""
    with database.write() as session:
        session.add(
            AuditEntry(
                id=str(uuid7()),
                created_at=now,
                owner=owner,
                key_id=key_id,
                action=action[:_ACTION_LENGTH],
                status=status,
                address=address,
            )
        )


def latest(database: Database, *, limit: int) -> list[AuditEntry]:
    """The newest entries, newest first."""
    with database.read() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)))


def forget(database: Database, *, before: float) -> None:
    """Delete the entries of before a time."""
    with database.write() as session:
        session.execute(delete(AuditEntry).where(AuditEntry.created_at < before))
