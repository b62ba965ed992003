"""The rungs of a sweep: which trials go on, and their next jobs, as far as there is room for them.

What goes on is held against the same limits as what is posted. A trial for which there is no room stays as it is, its
error saying what it waits for; whoever advances the sweep next tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import func, null, select
from sqlalchemy.orm import Session

from cnnservice import jobs, submission
from cnnservice.database.tables import Epoch, Job, Sweep, SweepTrial
from cnnservice.datasets.errors import UnknownDataset
from cnnservice.quotas import Limits, QuotaExceeded, TooManyJobs, admit
from cnnservice.specs.job import ContinueFrom, JobSpec
from cnnservice.specs.keeping import most_kept
from cnnservice.specs.sweep import Objective, SweepSpec

Ended = tuple[SweepTrial, Job]
"""A trial, and its job of a rung that has ended."""


def queue(session: Session, sweep: Sweep, trial: SweepTrial, spec: JobSpec, now: float) -> Job:
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


def judge(session: Session, sweep: Sweep, spec: SweepSpec, waiting: Sequence[Ended]) -> list[Ended]:
    """Those of a rung's trials that go on, the best; the others stop here."""
    assert spec.halving is not None, "without halving no trial waits"
    rung = waiting[0][0].rung
    # Those that failed in this rung are counted; those that stopped have not come to it.
    began = session.scalar(select(func.count()).where(SweepTrial.sweep_id == sweep.id, SweepTrial.rung == rung))
    best = _best_costs(session, spec.objective, waiting)
    ranked = sorted(waiting, key=lambda pair: (best[pair[1].id], pair[0].number))
    going = spec.halving.survivors(began or 0)
    for trial, _ in ranked[going:]:
        trial.outcome = "stopped"
    return sorted(ranked[:going], key=lambda pair: pair[0].number)


def held(session: Session, sweep: Sweep) -> list[Ended]:
    """The trials that were to go on and had no room. One whose job was deleted meanwhile is given up."""
    undecided = select(SweepTrial).where(SweepTrial.sweep_id == sweep.id, SweepTrial.outcome.is_(None))
    found = list[Ended]()
    for trial in session.scalars(undecided.order_by(SweepTrial.number)):
        if trial.error is None:
            continue
        job = session.get(Job, trial.job_id)
        if job is None:
            trial.outcome = "cancelled"
        else:
            found.append((trial, job))
    return found


def go_on(
    session: Session,
    sweep: Sweep,
    spec: SweepSpec,
    going: Sequence[Ended],
    *,
    now: float,
    new_id: Callable[[], str],
    limits: Limits,
) -> list[Job]:
    """Queue the next rung's jobs of these trials. Returns those for which there is room."""
    queued = list[Job]()
    # What was queued before, and is not stored yet, has its place already.
    reserved = _to_come(session, sweep) if going else 0
    for trial, job in going:
        rest = _rest(spec, trial, job)
        own = _own_epochs(rest) * _epoch_bytes(session, job.id, job.start_epoch + job.epochs)
        try:
            admit(session, sweep.owner, reserved + _kept_bytes(session, job) + own, limits)
            trial.job_id, trial.rung = new_id(), trial.rung + 1
            queued.append(queue(session, sweep, trial, rest, now))
        except (TooManyJobs, QuotaExceeded) as full:
            trial.error = {"code": full.code, "detail": full.detail}
        except UnknownDataset as gone:
            trial.outcome, trial.error = "failed", {"code": gone.code, "detail": gone.detail}
        else:
            # None would be stored as the JSON value null.
            trial.error = null()
            reserved += own
    return queued


def _rest(spec: SweepSpec, trial: SweepTrial, job: Job) -> JobSpec:
    """What a trial's next job is to do."""
    budgets = spec.budgets(trial.spec)
    return JobSpec.model_validate(trial.spec).model_copy(
        update={
            "epochs": budgets[trial.rung + 1] - budgets[trial.rung],
            "continue_from": ContinueFrom(model_id=job.id, epoch=job.start_epoch + job.epochs),
        }
    )


def _to_come(session: Session, sweep: Sweep) -> int:
    """The bytes that the live jobs of later rungs may yet add to what is kept."""
    live = select(Job).where(Job.sweep_id == sweep.id, Job.status.not_in(jobs.ENDED))
    expected = 0
    for job in session.scalars(live).all():
        own = (Epoch.job_id == job.id, Epoch.epoch > job.start_epoch, Epoch.kept)
        stored = session.scalar(select(func.count()).where(*own)) or 0
        missing = _own_epochs(JobSpec.model_validate(job.spec)) - stored
        expected += max(missing, 0) * _epoch_bytes(session, job.id, job.start_epoch)
    return expected


def _own_epochs(rest: JobSpec) -> int:
    """How many epochs a job that goes on from another keeps at the most, beside what it has of the other."""
    return min(most_kept(rest.keep, rest.epochs), rest.epochs)


def _epoch_bytes(session: Session, job_id: str, epoch: int) -> int:
    """All of a network's epochs are as large."""
    return session.get_one(Epoch, (job_id, epoch)).size


def _kept_bytes(session: Session, job: Job) -> int:
    """What a job's child has from the start: the rows are copied, and count for each."""
    return int(session.scalar(select(func.sum(Epoch.size)).where(Epoch.job_id == job.id, Epoch.kept)) or 0)


def is_at_last_rung(spec: SweepSpec, trial: SweepTrial) -> bool:
    """Whether the rung that a trial has come to is the last there is."""
    return trial.rung == len(spec.budgets(trial.spec)) - 1


def first_epoch(trial: SweepTrial) -> int:
    """The epoch that a trial begins from: 0, or the one of another model that it goes on from."""
    continue_from = trial.spec["continue_from"]
    return int(continue_from["epoch"]) if continue_from else 0


def _best_costs(session: Session, objective: Objective, waiting: Sequence[Ended]) -> dict[str, float]:
    """By job, what the best of the trial's own epochs costs; what another model's had cost does not count."""
    first = {job.id: first_epoch(trial) for trial, job in waiting}
    rows = session.execute(select(Epoch.job_id, Epoch.epoch, Epoch.metrics).where(Epoch.job_id.in_(first)))
    costs: dict[str, float] = {}
    for job_id, epoch, metrics in rows:
        if epoch > first[job_id]:
            cost = objective.cost(metrics[objective.metric])
            costs[job_id] = min(cost, costs.get(job_id, cost))
    return costs
