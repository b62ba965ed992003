"""What is told of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_args

from pydantic import Field

from api.json_answer import JsonAnswer
from api.schemas import JobError, optional_time, time_of
from cnnservice.database.tables import Sweep
from cnnservice.specs.sweep import Objective, SweepSpec
from cnnservice.standings import Standing, State
from cnnservice.sweeps import Status


class SweepLinks(JsonAnswer):
    """Where to go from a sweep."""

    self: str
    cancel: str
    jobs: str
    history: str


class TrialCounts(JsonAnswer):
    """How many trials are in which state."""

    queued: int
    running: int
    waiting: int
    succeeded: int
    stopped: int
    failed: int
    cancelled: int


class SweepItem(JsonAnswer):
    """A sweep, without its trials."""

    id: str
    status: Status
    created_at: datetime
    ended_at: datetime | None
    parameters: list[str] = Field(description="JSON pointers into the job's spec")
    objective: Objective
    tags: list[str]
    owner: str | None = Field(description="whose key posted it; null where there were no keys")
    counts: TrialCounts
    links: SweepLinks


class SweepPage(JsonAnswer):
    """Sweeps, newest first."""

    items: list[SweepItem]
    next_cursor: str | None = Field(description="to be sent as `cursor` for the next page; null on the last")


class TrialBest(JsonAnswer):
    """The epoch at which a trial was best."""

    epoch: int
    value: float = Field(description="of the objective's metric")


class TrialHistory(JsonAnswer):
    """The objective's metric by epoch; the lists are parallel."""

    epoch: list[int]
    value: list[float]


class TrialAnswer(JsonAnswer):
    """A trial: one set of values, and what has come of it."""

    number: int
    values: dict[str, Any] = Field(description="by JSON pointer into the job's spec")
    state: State = Field(
        description="`waiting`: for the other trials of its rung, or for room; `stopped`: others were better"
    )
    rank: int | None = Field(description="1 is the best; null where no epoch has ended")
    rung: int = Field(description="the rung it has come to, counted from 0: where it stopped, if it did")
    model_id: str = Field(description="the model with all of its epochs")
    jobs: list[str] = Field(description="a job a rung; each goes on from the one before")
    epochs_done: int
    epochs: int = Field(description="how many it trains up to the end of its rung")
    latest: dict[str, float] | None = Field(description="loss and metrics of the last finished epoch")
    best: TrialBest | None
    history: TrialHistory
    error: JobError | None = Field(description="why it failed; of one that waits, the limit that it has no room in")


class RungAnswer(JsonAnswer):
    """A rung of successive halving."""

    epochs: int = Field(description="that each of its trials has trained at its end")
    trials: int = Field(description="how many have come to it")


class SweepAnswer(SweepItem):
    """A sweep: its trials side by side."""

    spec: SweepSpec
    rungs: list[RungAnswer] = Field(description="empty without halving")
    best: int | None = Field(description="the number of the trial of rank 1")
    trials: list[TrialAnswer]


def sweep_item(sweep: Sweep, states: Iterable[State]) -> SweepItem:
    """A sweep as its JSON, without its trials."""
    spec, place, counts = SweepSpec.model_validate(sweep.spec), f"/v1/sweeps/{sweep.id}", Counter(states)
    return SweepItem(
        id=sweep.id,
        status=sweep.status,
        created_at=time_of(sweep.created_at),
        ended_at=optional_time(sweep.ended_at),
        parameters=list(spec.parameters),
        objective=spec.objective,
        tags=list(spec.tags),
        owner=sweep.owner,
        counts=TrialCounts(**{state: counts[state] for state in get_args(State)}),
        links=SweepLinks(
            self=place, cancel=f"{place}/cancel", jobs=f"/v1/jobs?sweep={sweep.id}", history=f"{place}/history.png"
        ),
    )


def sweep_answer(sweep: Sweep, standings: list[Standing]) -> SweepAnswer:
    """A sweep as its JSON."""
    item = sweep_item(sweep, [standing.state for standing in standings])
    spec = SweepSpec.model_validate(sweep.spec)
    return SweepAnswer(
        **{name: getattr(item, name) for name in SweepItem.model_fields},
        spec=spec,
        rungs=[] if spec.halving is None else _rungs(standings),
        best=next((standing.trial.number for standing in standings if standing.rank == 1), None),
        trials=[_trial(standing) for standing in standings],
    )


def _rungs(standings: list[Standing]) -> list[RungAnswer]:
    come_to = Counter(rung for standing in standings for rung in range(standing.trial.rung + 1))
    return [RungAnswer(epochs=epochs, trials=come_to[rung]) for rung, epochs in enumerate(standings[0].budgets)]


def _trial(standing: Standing) -> TrialAnswer:
    trial, best = standing.trial, standing.best
    return TrialAnswer(
        number=trial.number,
        values=trial.values,
        state=standing.state,
        rank=standing.rank,
        rung=trial.rung,
        model_id=trial.job_id,
        jobs=standing.jobs,
        epochs_done=len(standing.epochs),
        epochs=standing.budgets[trial.rung],
        latest=standing.latest,
        best=None if best is None else TrialBest(epoch=best.epoch, value=best.value),
        history=TrialHistory(epoch=standing.epochs, value=standing.objective),
        error=JobError.model_validate(standing.error) if standing.error else None,
    )
