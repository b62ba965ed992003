"""The state machine of a sweep: the only code that changes a sweep or one of its trials.

    running --every trial was judged--> succeeded | failed | cancelled

A trial's rung is an ordinary job. When all jobs of a rung have ended, it is judged in one transaction that holds the
sweep's row: the best trials get the job of the next rung, which goes on from theirs, and the others' outcome is said.
However many ask, and whenever they die, it is judged once. Without halving there is one rung, which is the last.
A trial whose next job does not fit into the limits waits, and is tried again (see rungs.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cnnservice import jobs, submission
from cnnservice.database.engine import Database, viewer_of
from cnnservice.database.tables import Job, Sweep, SweepTrial
from cnnservice.errors import ConflictError, NotFoundError
from cnnservice.quotas import Limits
from cnnservice.rungs import go_on, held, is_at_last_rung, judge, queue
from cnnservice.specs.job import JobSpec
from cnnservice.specs.sweep import SweepSpec

Status = Literal["running", "succeeded", "failed", "cancelled"]
Outcome = Literal["succeeded", "stopped", "failed", "cancelled"]
ENDED: tuple[Status, ...] = ("succeeded", "failed", "cancelled")


class UnknownSweep(NotFoundError):
    """No sweep has this id."""

    code = "unknown-sweep"
    title = "Unknown sweep"

    def __init__(self, sweep_id: str) -> None:
        super().__init__(f"There is no sweep {sweep_id!r}; GET /v1/sweeps lists those there are.")


class SweepEnded(ConflictError):
    """A sweep that has ended cannot be cancelled."""

    code = "sweep-ended"
    title = "Sweep has ended"

    def __init__(self, sweep_id: str, status: str) -> None:
        super().__init__(f"Sweep {sweep_id} has {status} already; only a running one can be cancelled.")


class SweepLive(ConflictError):
    """A sweep that has not ended cannot be deleted."""

    code = "sweep-live"
    title = "Sweep has not ended"

    def __init__(self, sweep_id: str) -> None:
        super().__init__(f"Sweep {sweep_id} is running; cancel it and wait for its end before deleting it.")


class SweepKeyReused(ConflictError):
    """An idempotency key came with another body."""

    code = "sweep-key-reused"
    title = "Idempotency key reused"

    def __init__(self, key: str, sweep_id: str) -> None:
        super().__init__(
            f"Idempotency-Key {key!r} made sweep {sweep_id} from another body; use a new key for a new sweep."
        )


@dataclass(frozen=True)
class NewTrial:
    """A trial to be: its values, and the job that they make, checked and complete."""

    values: dict[str, Any]
    spec: JobSpec
    dataset_record: dict[str, Any] | None


def submit(
    database: Database,
    spec: SweepSpec,
    trials: Sequence[NewTrial],
    *,
    sweep_id: str,
    new_id: Callable[[], str],
    now: float,
    idempotency_key: str | None = None,
    body_sha256: str = "",
    admit: Callable[[Session], None] = lambda _: None,
) -> tuple[Sweep, list[Job]]:
    """Store a sweep with the jobs of its first rung in one transaction. Returns it, and its jobs if it is new.

    It is the viewer's, and so are its jobs. admit is asked, in the same transaction, whether there may be so many more.
    Raises SweepKeyReused, what submission.insert() does, and what admit raises.
    """
    owner = database.viewer.owner
    key = None if idempotency_key is None else submission.own_key(owner, idempotency_key)

    def insert() -> tuple[Sweep, list[Job]]:
        sweep = Sweep(
            id=sweep_id,
            status="running",
            owner=owner,
            spec=spec.model_dump(mode="json"),
            cancel_requested=False,
            idempotency_key=key,
            body_sha256=body_sha256,
            created_at=now,
        )
        with database.write() as session:
            session.add(sweep)
            session.flush()
            admit(session)
            return sweep, [_begin(session, spec, sweep, number, trial, new_id()) for number, trial in enumerate(trials)]

    try:
        return insert()
    except IntegrityError:
        if key is None or idempotency_key is None:
            raise
    with database.read() as session:
        found = session.scalar(select(Sweep).where(Sweep.idempotency_key == key))
    if found is not None:
        if found.body_sha256 != body_sha256:
            raise SweepKeyReused(idempotency_key, found.id)
        return found, []
    # The key's sweep was deleted in between, and the key with it.
    return insert()


def _begin(session: Session, spec: SweepSpec, sweep: Sweep, number: int, trial: NewTrial, job_id: str) -> Job:
    whole = trial.spec.model_dump(mode="json")
    made = SweepTrial(
        sweep_id=sweep.id,
        number=number,
        values=trial.values,
        spec=whole,
        dataset_record=trial.dataset_record,
        job_id=job_id,
        rung=0,
    )
    first = trial.spec.model_copy(update={"epochs": spec.budgets(whole)[0]})
    job = queue(session, sweep, made, first, sweep.created_at)
    session.add(made)
    return job


def get(database: Database, sweep_id: str) -> Sweep:
    """The sweep. Raises UnknownSweep."""
    with database.read() as session:
        return _get(session, sweep_id)


def _get(session: Session, sweep_id: str, *, for_update: bool = False) -> Sweep:
    known = re.fullmatch(jobs.ID_PATTERN, sweep_id)
    sweep = session.get(Sweep, sweep_id, with_for_update=for_update or None) if known else None
    if sweep is None or not viewer_of(session).may_see(sweep.owner):
        raise UnknownSweep(sweep_id)
    return sweep


def list_sweeps(database: Database, *, limit: int, before: str | None = None) -> list[Sweep]:
    """Sweeps that the viewer may see, newest first, whose id is below `before`."""
    query = database.viewer.among(select(Sweep).order_by(Sweep.id.desc()).limit(limit), Sweep.owner)
    if before is not None:
        query = query.where(Sweep.id < before)
    with database.read() as session:
        return list(session.scalars(query))


def to_be_advanced(database: Database) -> list[str]:
    """The ids of running sweeps with something to do: no job of theirs is live any more, or a trial waits for room."""
    undecided = (SweepTrial.sweep_id == Sweep.id) & SweepTrial.outcome.is_(None)
    live = exists().where(undecided, SweepTrial.job_id == Job.id, Job.status.not_in(jobs.ENDED))
    held = exists().where(undecided, SweepTrial.error.is_not(None))
    with database.read() as session:
        query = select(Sweep.id).where(Sweep.status == "running", or_(~live, held))
        return list(session.scalars(query.order_by(Sweep.id)))


def advance(database: Database, sweep_id: str, *, now: float, new_id: Callable[[], str], limits: Limits) -> list[Job]:
    """Judge a rung whose jobs have all ended, or queue what had no room. Returns the jobs queued.

    Raises UnknownSweep; UnknownJob where a job is deleted at this moment, and then nothing is changed.
    """
    with database.write() as session:
        sweep = _get(session, sweep_id, for_update=True)
        spec = SweepSpec.model_validate(sweep.spec)
        going = [] if sweep.cancel_requested else held(session, sweep)
        if not going and (waiting := _settle(session, sweep, spec, now)):
            going = judge(session, sweep, spec, waiting)
        return go_on(session, sweep, spec, going, now=now, new_id=new_id, limits=limits)


def cancel(database: Database, sweep_id: str, *, now: float) -> tuple[Sweep, list[Job]]:
    """Cancel a sweep with all of its jobs; it has ended when they have. Returns it, and those of them that were live.

    Raises UnknownSweep, SweepEnded.
    """
    with database.write() as session:
        sweep = _get(session, sweep_id, for_update=True)
        if sweep.status in ENDED:
            raise SweepEnded(sweep_id, sweep.status)
        sweep.cancel_requested = True
        cancelled = jobs.cancel_all_of_sweep(session, sweep_id, now=now)
        _settle(session, sweep, SweepSpec.model_validate(sweep.spec), now)
        return sweep, cancelled


def check_ended(sweep: Sweep) -> None:
    """Raises SweepLive where it may not be deleted yet."""
    if sweep.status not in ENDED:
        raise SweepLive(sweep.id)


def remove(database: Database, sweep_id: str) -> None:
    """Delete an ended sweep, whose jobs have been deleted before. Raises UnknownSweep, SweepLive."""
    with database.write() as session:
        check_ended(_get(session, sweep_id, for_update=True))
        session.execute(delete(Sweep).where(Sweep.id == sweep_id))


def _settle(session: Session, sweep: Sweep, spec: SweepSpec, now: float) -> list[tuple[SweepTrial, Job]]:
    """Say what became of the trials of a rung that has ended, and end the sweep after its last.

    Returns the trials that may go on, with their jobs; none while a job of theirs is live.
    """
    if sweep.status in ENDED:
        return []
    query = select(SweepTrial).where(SweepTrial.sweep_id == sweep.id, SweepTrial.outcome.is_(None))
    undecided = list(session.scalars(query.order_by(SweepTrial.number)))
    found = {job.id: job for job in session.scalars(select(Job).where(Job.id.in_([one.job_id for one in undecided])))}
    if any(job.status not in jobs.ENDED for job in found.values()):
        return []
    waiting = []
    for trial in undecided:
        job = found.get(trial.job_id)
        if job is None or job.status == "cancelled":
            trial.outcome = "cancelled"
        elif job.status == "failed":
            trial.outcome, trial.error = "failed", job.error
        elif is_at_last_rung(spec, trial):
            trial.outcome = "succeeded"
        elif sweep.cancel_requested:
            trial.outcome = "cancelled"
        else:
            waiting.append((trial, job))
    if not waiting:
        session.flush()
        sweep.status, sweep.ended_at = _end_of(session, sweep), now
    return waiting


def _end_of(session: Session, sweep: Sweep) -> Status:
    if sweep.cancel_requested:
        return "cancelled"
    outcomes = set(session.scalars(select(SweepTrial.outcome).where(SweepTrial.sweep_id == sweep.id)))
    return "succeeded" if "succeeded" in outcomes else "failed" if "failed" in outcomes else "cancelled"
