"""The state machine of a sweep: the only code that changes a sweep or one of its trials.

    running --every trial was judged--> succeeded | failed | cancelled

A trial's rung is an ordinary job. When all jobs of a rung have ended, it is judged in one transaction that holds the
sweep's row: the best trials get the job of the next rung, which goes on from theirs, and the others' outcome is said.
However many ask, and whenever they die, it is judged once. Without halving there is one rung, which is the last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, exists, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from cnnservice import jobs, submission
from cnnservice.database.engine import Database, viewer_of
from cnnservice.database.tables import Epoch, Job, Sweep, SweepTrial
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.errors import ConflictError, NotFoundError
from cnnservice.specs.job import ContinueFrom, JobSpec
from cnnservice.specs.sweep import Objective, SweepSpec

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
    job = _queue(session, sweep, made, first, sweep.created_at)
    session.add(made)
    return job


def _queue(session: Session, sweep: Sweep, trial: SweepTrial, spec: JobSpec, now: float) -> Job:
    """The job that a trial says is its own, queued. Raises what submission.insert() does."""
    job = submission.new_job(
        spec,
        job_id=trial.job_id,
        now=now,
        owner=sweep.owner,
        dataset_record=trial.dataset_record,
        sweep_id=sweep.id,
        trial=trial.number,
    )
    submission.insert(session, spec, job)
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


def to_be_judged(database: Database) -> list[str]:
    """The ids of running sweeps none of whose jobs is queued or running: all of a rung's have ended, or are gone."""
    trial_is_live = (SweepTrial.sweep_id == Sweep.id) & SweepTrial.outcome.is_(None) & (SweepTrial.job_id == Job.id)
    live = exists().where(trial_is_live, Job.status.not_in(jobs.ENDED))
    with database.read() as session:
        return list(session.scalars(select(Sweep.id).where(Sweep.status == "running", ~live).order_by(Sweep.id)))


def advance(database: Database, sweep_id: str, *, now: float, new_id: Callable[[], str]) -> list[Job]:
    """Judge a rung whose jobs have all ended. Returns the jobs of the next; none where there is nothing to judge.

    Raises UnknownSweep; UnknownJob where a job is deleted at this moment, and then nothing is changed.
    """
    with database.write() as session:
        sweep = _get(session, sweep_id, for_update=True)
        waiting = _settle(session, sweep, now)
        return _promote(session, sweep, waiting, now, new_id) if waiting else []


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
        _settle(session, sweep, now)
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


def _settle(session: Session, sweep: Sweep, now: float) -> list[tuple[SweepTrial, Job]]:
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
    spec, waiting = SweepSpec.model_validate(sweep.spec), []
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


def _promote(
    session: Session,
    sweep: Sweep,
    waiting: Sequence[tuple[SweepTrial, Job]],
    now: float,
    new_id: Callable[[], str],
) -> list[Job]:
    """Queue the next rung for the best of those that wait; the others stop here."""
    spec = SweepSpec.model_validate(sweep.spec)
    assert spec.halving is not None, "without halving no trial waits"
    rung = waiting[0][0].rung
    # Those that failed in this rung are counted; those that stopped have not come to it.
    began = session.scalar(select(func.count()).where(SweepTrial.sweep_id == sweep.id, SweepTrial.rung == rung))
    best = _best_costs(session, spec.objective, waiting)
    ranked = sorted(waiting, key=lambda pair: (best[pair[1].id], pair[0].number))
    going = spec.halving.survivors(began or 0)
    for trial, _ in ranked[going:]:
        trial.outcome = "stopped"
    queued = []
    for trial, job in sorted(ranked[:going], key=lambda pair: pair[0].number):
        try:
            queued.append(_go_on(session, sweep, spec, trial, job, new_id(), now))
        except UnknownDataset as gone:
            trial.outcome, trial.error = "failed", {"code": gone.code, "detail": gone.detail}
    return queued


def _go_on(
    session: Session, sweep: Sweep, spec: SweepSpec, trial: SweepTrial, job: Job, job_id: str, now: float
) -> Job:
    budgets = spec.budgets(trial.spec)
    rest = JobSpec.model_validate(trial.spec).model_copy(
        update={
            "epochs": budgets[trial.rung + 1] - budgets[trial.rung],
            "continue_from": ContinueFrom(model_id=job.id, epoch=job.start_epoch + job.epochs),
        }
    )
    trial.job_id, trial.rung = job_id, trial.rung + 1
    return _queue(session, sweep, trial, rest, now)


def is_at_last_rung(spec: SweepSpec, trial: SweepTrial) -> bool:
    """Whether the rung that a trial has come to is the last there is."""
    return trial.rung == len(spec.budgets(trial.spec)) - 1


def first_epoch(trial: SweepTrial) -> int:
    """The epoch that a trial begins from: 0, or the one of another model that it goes on from."""
    continue_from = trial.spec["continue_from"]
    return int(continue_from["epoch"]) if continue_from else 0


def _best_costs(session: Session, objective: Objective, waiting: Sequence[tuple[SweepTrial, Job]]) -> dict[str, float]:
    """By job, what the best of the trial's own epochs costs; what another model's had cost does not count."""
    first = {job.id: first_epoch(trial) for trial, job in waiting}
    rows = session.execute(select(Epoch.job_id, Epoch.epoch, Epoch.metrics).where(Epoch.job_id.in_(first)))
    costs: dict[str, float] = {}
    for job_id, epoch, metrics in rows:
        if epoch > first[job_id]:
            cost = objective.cost(metrics[objective.metric])
            costs[job_id] = min(cost, costs.get(job_id, cost))
    return costs
