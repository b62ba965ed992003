"""How the trials of a sweep stand: what each has come to, and its rank among them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select

from cnnservice.database.engine import Database
from cnnservice.database.tables import Epoch, Job, Sweep, SweepTrial
from cnnservice.rungs import first_epoch, is_at_last_rung
from cnnservice.specs.sweep import SweepSpec

# waiting: for the other trials of its rung, or for room to go on.
State = Literal["queued", "running", "waiting", "succeeded", "stopped", "failed", "cancelled"]


@dataclass(frozen=True)
class Best:
    """The epoch at which a trial was best, and the objective there."""

    epoch: int
    value: float


@dataclass(frozen=True)
class Standing:
    """One trial. jobs are its rungs' in order; budgets the epochs after which each rung ends.

    epochs are its own, numbered as in its model, and objective parallel to them; latest are the metrics of the last.
    rank counts from 1, None where no epoch has ended. error is why it failed, or what it waits for.
    """

    trial: SweepTrial
    state: State
    jobs: list[str]
    budgets: list[int]
    epochs: list[int]
    objective: list[float]
    latest: dict[str, float] | None
    best: Best | None
    rank: int | None
    error: dict[str, str] | None


def standings(database: Database, sweep: Sweep) -> list[Standing]:
    """Every trial, by number."""
    spec = SweepSpec.model_validate(sweep.spec)
    with database.read() as session:
        trials = list(
            session.scalars(select(SweepTrial).where(SweepTrial.sweep_id == sweep.id).order_by(SweepTrial.number))
        )
        rows = session.execute(
            select(Job.id, Job.trial, Job.status, Job.error).where(Job.sweep_id == sweep.id).order_by(Job.id)
        )
        ids = defaultdict[int | None, list[str]](list)
        statuses, errors = dict[str, str](), dict[str, dict[str, str] | None]()
        for job_id, number, status, error in rows:
            ids[number].append(job_id)
            statuses[job_id], errors[job_id] = status, error
        measured = defaultdict[str, list[tuple[int, dict[str, float]]]](list)
        newest = [one.job_id for one in trials]
        epochs = select(Epoch.job_id, Epoch.epoch, Epoch.metrics).where(Epoch.job_id.in_(newest))
        for job_id, epoch, metrics in session.execute(epochs.order_by(Epoch.job_id, Epoch.epoch)):
            measured[job_id].append((epoch, metrics))
    cost, metric = spec.objective.cost, spec.objective.metric
    own = {one.number: [pair for pair in measured[one.job_id] if pair[0] > first_epoch(one)] for one in trials}
    best = {
        number: Best(*min(((epoch, metrics[metric]) for epoch, metrics in pairs), key=lambda pair: cost(pair[1])))
        for number, pairs in own.items()
        if pairs
    }
    order = sorted(best, key=lambda number: (cost(best[number].value), number))
    return [
        Standing(
            trial=one,
            state=_state(spec, one, statuses.get(one.job_id)),
            jobs=ids[one.number],
            budgets=spec.budgets(one.spec),
            epochs=[epoch for epoch, _ in own[one.number]],
            objective=[metrics[metric] for _, metrics in own[one.number]],
            latest=own[one.number][-1][1] if own[one.number] else None,
            best=best.get(one.number),
            rank=order.index(one.number) + 1 if one.number in best else None,
            error=one.error or errors.get(one.job_id),
        )
        for one in trials
    ]


def states(database: Database, sweeps: Sequence[Sweep]) -> dict[str, list[State]]:
    """The states of the trials of several sweeps, by sweep."""
    specs = {sweep.id: SweepSpec.model_validate(sweep.spec) for sweep in sweeps}
    query = select(SweepTrial, Job.status).outerjoin(Job, Job.id == SweepTrial.job_id)
    found: dict[str, list[State]] = {sweep_id: [] for sweep_id in specs}
    with database.read() as session:
        for trial, status in session.execute(query.where(SweepTrial.sweep_id.in_(specs))):
            found[trial.sweep_id].append(_state(specs[trial.sweep_id], trial, status))
    return found


def _state(spec: SweepSpec, trial: SweepTrial, status: str | None) -> State:
    """What was judged, or else how its job stands; a job that was deleted was given up."""
    if trial.outcome is not None:
        outcome: State = trial.outcome  # type: ignore[assignment]
        return outcome
    if status is None:
        return "cancelled"
    if status == "succeeded" and not is_at_last_rung(spec, trial):
        return "waiting"
    said: State = status  # type: ignore[assignment]
    return said
