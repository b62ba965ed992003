"""The state machine of a long computation: the only code that changes a computation's status.

    queued --claim--> running --end--> succeeded | failed --asked for anew--> queued
       ^                 |
       +--release, or a lease that ran out--+

A computation is a pure function of what it is asked, so that doing it twice is harmless; a claim is all the same a
lease with a fencing token, as a job's is (see jobs.py): who has lost it writes nothing over what its successor wrote.
Time is handed in as Unix seconds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from sqlalchemy import delete, exists, select, update
from sqlalchemy.exc import IntegrityError

from cnnservice.database.engine import Database, viewer_of
from cnnservice.database.tables import Computation, Job
from cnnservice.errors import DomainError, FaultError, NotFoundError, error_fields
from cnnservice.job_errors import UnknownJob
from cnnservice.models import Snapshot

# What can be asked for; worker/computations/registry.py has the work itself.
Kind = Literal["embedding", "maximization", "sanity_check", "similarity", "top_images"]
Status = Literal["queued", "running", "succeeded", "failed"]
ENDED: tuple[Status, ...] = ("succeeded", "failed")
_MESSAGE_LENGTH = 200


class UnknownComputation(NotFoundError):
    """No computation has this id."""

    code = "unknown-computation"
    title = "Unknown computation"

    def __init__(self, computation_id: str) -> None:
        super().__init__(
            f"There is no computation {computation_id[:80]!r}: it was deleted, alone or with its model. "
            "Asking for its result begins it anew."
        )


class WorkersLost(FaultError):
    """It was begun as often as is allowed, and each time its worker was gone before the end."""

    code = "worker-lost"
    title = "Worker lost"

    def __init__(self, attempts: int) -> None:
        super().__init__(
            f"The inspect worker died or fell silent in {attempts} attempts. If its machine ran out of memory, ask for "
            "less at once, or of a smaller network; asked for again later, it is tried anew."
        )


class ClaimLost(Exception):
    """The token is no longer the computation's: its holder must stop, and may write nothing more."""


@dataclass(frozen=True)
class Question:
    """What is asked: the kind of work, the models at the epochs that are read, the first of which it belongs to."""

    kind: Kind
    snapshots: Sequence[Snapshot]
    arguments: Mapping[str, Any]

    @property
    def model_id(self) -> str:
        """The model whose deletion deletes it."""
        return self.snapshots[0].job.id

    def check_kept(self) -> None:
        """Raises EpochNotKept when weights that are read are not there."""
        for snapshot in self.snapshots:
            snapshot.check_kept()

    def identity(self, version: str) -> str:
        """A digest by which the same question is the same computation, as this version of the package answers it."""
        # The model beside its weights: one that goes on from another shares epochs with it, and no test split.
        read = [[snapshot.job.id, snapshot.identity] for snapshot in self.snapshots]
        content = json.dumps([version, self.kind, read, self.arguments], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True)
class Claim:
    """The right to do a computation until its lease ends, and beyond while it is renewed."""

    computation_id: str
    token: int
    attempt: int
    model_id: str
    kind: Kind
    arguments: dict[str, Any]


def submit(
    database: Database, question: Question, *, version: str, result_url: str, now: float, retry_seconds: float
) -> tuple[Computation, bool]:
    """The computation that answers a question, and whether it has just been queued.

    One that failed retry_seconds ago or more is queued anew. Raises EpochNotKept when it would have to be done and
    cannot, UnknownJob when the model was deleted meanwhile.
    """
    identity = question.identity(version)
    computation = _find(database, identity)
    if computation is None:
        question.check_kept()
        computation = Computation(
            id=identity,
            model_id=question.model_id,
            kind=question.kind,
            arguments=dict(question.arguments),
            result_url=result_url,
            **_waiting(now),
            attempt=1,
            # Above those of a row that was deleted: who still holds that one writes nothing here.
            fencing_token=int(now * 1000),
        )
        try:
            with database.write() as session:
                session.add(computation)
            return computation, True
        except IntegrityError:
            # Another asked the same at the same time; or there is no such model any more.
            if (found := _find(database, identity)) is None:
                raise UnknownJob(question.model_id) from None
            computation = found
    if computation.status == "failed" and now - (computation.ended_at or 0.0) >= retry_seconds:
        question.check_kept()
        return queue_anew(database, computation, now=now)
    return computation, False


def queue_anew(database: Database, ended: Computation, *, now: float) -> tuple[Computation, bool]:
    """Queue one that has ended, as it was read, once more; whether it was still so. Raises UnknownComputation."""
    with database.write() as session:
        changed = session.scalar(
            update(Computation)
            .where(
                Computation.id == ended.id,
                Computation.status == ended.status,
                Computation.fencing_token == ended.fencing_token,
            )
            .values(**_waiting(now), attempt=1, fencing_token=Computation.fencing_token + 1)
            .returning(Computation.id)
        )
    return get(database, ended.id), changed is not None


def get(database: Database, computation_id: str) -> Computation:
    """The computation. Raises UnknownComputation."""
    with database.read() as session:
        computation = session.get(Computation, computation_id)
        if computation is None or not viewer_of(session).may_see(session.get_one(Job, computation.model_id).owner):
            raise UnknownComputation(computation_id)
        return computation


def _find(database: Database, computation_id: str) -> Computation | None:
    with database.read() as session:
        return session.get(Computation, computation_id)


def claim_next(database: Database, *, owner: str, now: float, lease_seconds: float) -> Claim | None:
    """Take the one that has waited longest; None when none waits."""
    oldest = (
        select(Computation.id)
        .where(Computation.status == "queued")
        .order_by(Computation.created_at, Computation.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    with database.write() as session:
        row = session.execute(
            update(Computation)
            .where(Computation.id == oldest, Computation.status == "queued")
            .values(
                status="running",
                fencing_token=Computation.fencing_token + 1,
                lease_owner=owner,
                lease_expires_at=now + lease_seconds,
                started_at=now,
            )
            .returning(
                Computation.id,
                Computation.fencing_token,
                Computation.attempt,
                Computation.model_id,
                Computation.kind,
                Computation.arguments,
            )
        ).one_or_none()
    if row is None:
        return None
    return Claim(row.id, row.fencing_token, row.attempt, row.model_id, cast("Kind", row.kind), row.arguments)


def report(
    database: Database, claim: Claim, *, now: float, lease_seconds: float, progress: float, message: str
) -> None:
    """Renew the lease and note how far it is (0..1) and what is done now. Raises ClaimLost."""
    changes = {
        "lease_expires_at": now + lease_seconds,
        "progress": min(max(progress, 0.0), 1.0),
        "message": message[:_MESSAGE_LENGTH],
    }
    _fenced(database, claim, changes)


def succeed(database: Database, claim: Claim, *, now: float) -> None:
    """End it: its result is whole in the store. Raises ClaimLost."""
    _fenced(database, claim, {**_ended("succeeded", now), "progress": 1.0})


def fail(database: Database, claim: Claim, error: DomainError, *, now: float) -> None:
    """End it with what went wrong. Raises ClaimLost."""
    _fenced(database, claim, {**_ended("failed", now), "error": error_fields(error)})


def release(database: Database, claim: Claim) -> None:
    """Give it back undone, as at a shutdown: it waits again, and no attempt is lost. Raises ClaimLost."""
    changes = {"status": "queued", "fencing_token": claim.token + 1, "lease_owner": None, "lease_expires_at": None}
    _fenced(database, claim, {**changes, "progress": 0.0, "message": ""})


def remove(database: Database, computation_id: str) -> Computation:
    """Delete it, whatever its status: who does it loses its claim. Raises UnknownComputation."""
    computation = get(database, computation_id)
    with database.write() as session:
        session.execute(delete(Computation).where(Computation.id == computation_id))
    return computation


def ended_before(database: Database, before: float) -> list[str]:
    """Those that ended before a time."""
    query = select(Computation.id).where(Computation.status.in_(ENDED), Computation.ended_at < before)
    with database.read() as session:
        return list(session.scalars(query))


def recover_expired(database: Database, *, now: float, attempt_limit: int) -> list[Computation]:
    """Queue those whose lease ran out again, as a new attempt; the last one allowed fails. Returns those changed."""
    with database.write() as session:
        expired = list(
            session.scalars(
                select(Computation)
                .where(Computation.status == "running", Computation.lease_expires_at < now)
                .with_for_update(skip_locked=True)
            )
        )
        for computation in expired:
            lost = computation.attempt >= attempt_limit
            changes = {**_ended("failed", now), "error": error_fields(WorkersLost(computation.attempt))} if lost else {
                "status": "queued", "attempt": computation.attempt + 1, "lease_owner": None, "lease_expires_at": None,
                "progress": 0.0, "message": "",
            }  # fmt: skip
            for name, value in changes.items():
                setattr(computation, name, value)
            computation.fencing_token += 1
        return expired


def waits(database: Database, *, before: float) -> bool:
    """Whether one waits that was asked for before this time: a worker should know of it."""
    query = select(exists().where(Computation.status == "queued", Computation.created_at < before))
    with database.read() as session:
        return bool(session.scalar(query))


def _fenced(database: Database, claim: Claim, changes: Mapping[str, Any]) -> None:
    with database.write() as session:
        changed = session.scalar(
            update(Computation)
            .where(
                Computation.id == claim.computation_id,
                Computation.status == "running",
                Computation.fencing_token == claim.token,
            )
            .values(**changes)
            .returning(Computation.id)
        )
    if changed is None:
        raise ClaimLost(claim.computation_id)


def _waiting(now: float) -> dict[str, Any]:
    return {
        "status": "queued",
        "progress": 0.0,
        "message": "",
        "lease_owner": None,
        "lease_expires_at": None,
        "created_at": now,
        "started_at": None,
        "ended_at": None,
        "error": None,
    }


def _ended(status: Status, now: float) -> dict[str, Any]:
    return {"status": status, "ended_at": now, "message": "", "lease_owner": None, "lease_expires_at": None}
