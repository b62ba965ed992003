"""The state machine of a sweep, on a real database: a rung is judged once, and nothing is trained twice."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from cnnservice import job_queries, jobs, outbox, publication, submission, sweeps
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.tables import Job, Sweep
from cnnservice.database.viewer import Viewer
from cnnservice.keeping.deletion import remove_rows
from cnnservice.quotas import Limits
from cnnservice.settings import Settings
from cnnservice.specs.job import JobSpec
from cnnservice.specs.sweep import SweepSpec
from cnnservice.standings import Standing, standings, states
from cnnservice.weights import StoredFile

SWEEP = "01980000-0000-7000-8000-000000000000"
SETTINGS = Settings()
HALVING = {"factor": 3, "min_epochs": 1}


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    upgrade(database)
    return database


@pytest.fixture
def new_id() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"01990000-0000-7000-8000-{next(numbers):012d}"


def spec_of(trials: int, halving: dict[str, int] | None, epochs: int) -> SweepSpec:
    return SweepSpec.model_validate(
        {
            "base": {"dataset": "mnist", "epochs": epochs},
            "parameters": {"/seed": {"values": list(range(trials))}},
            "objective": {"metric": "val_categorical_accuracy"},
            "halving": halving,
        }
    )


def begun(
    database: Database,
    new_id: Callable[[], str],
    trials: int = 9,
    halving: dict[str, int] | None = HALVING,
    epochs: int = 9,
    **key: str,
) -> tuple[Sweep, list[Job]]:
    spec = spec_of(trials, halving, epochs)
    new = [
        sweeps.NewTrial(values, JobSpec.model_validate(spec.document(values)), None) for values in spec.values(trials)
    ]
    identity = SWEEP if not key else new_id()
    return sweeps.submit(database, spec, new, sweep_id=identity, new_id=new_id, now=100.0, **key)


def train(database: Database, job: Job, accuracy: float, *, failing: bool = False) -> None:
    """Run a job to its end, as a worker would: each of its epochs has this accuracy."""
    claim = jobs.claim(database, job.id, 1, owner="w", now=101.0, lease_seconds=60)
    assert claim is not None
    for epoch in range(claim.epochs_stored, claim.last_epoch + 1):
        file = StoredFile(f"{job.id}/{epoch}", 10, 8, "0" * 64)
        metrics = {} if epoch == 0 else {"val_categorical_accuracy": accuracy}
        publication.commit_epoch(
            database, claim, publication.EpochRecord(epoch, file, metrics, 1.0), now=102.0, lease_seconds=60
        )
    error = {"code": "diverged", "detail": "loss is nan"} if failing else None
    jobs.end(database, claim, "failed" if failing else "succeeded", now=103.0, error=error)


def advance(database: Database, new_id: Callable[[], str], limits: Limits = SETTINGS) -> list[Job]:
    """What a round of dispatch does."""
    due = sweeps.to_be_advanced(database)
    return [
        job for identity in due for job in sweeps.advance(database, identity, now=200.0, new_id=new_id, limits=limits)
    ]


def by_number(database: Database) -> list[Standing]:
    return standings(database, sweeps.get(database, SWEEP))


def test_of_nine_trials_three_go_on_and_of_those_one(database: Database, new_id: Callable[[], str]) -> None:
    _, first = begun(database, new_id)
    assert [(job.trial, job.epochs, job.start_epoch) for job in first] == [(number, 1, 0) for number in range(9)]
    assert len(outbox.owed(database)) == 9
    for job, accuracy in zip(first[:-1], (0.0, 0.1, 0.2, 0.3, 0.4, 0.0, 0.1, 0.2), strict=True):
        train(database, job, accuracy)
    # Nothing is judged while one still trains.
    assert advance(database, new_id) == []
    assert by_number(database)[3].state == "waiting"
    train(database, first[-1], accuracy=0.35)
    second = advance(database, new_id)
    assert [(job.trial, job.epochs, job.start_epoch) for job in second] == [(3, 2, 1), (4, 2, 1), (8, 2, 1)]
    assert [job.spec["continue_from"] for job in second] == [
        {"model_id": first[job.trial or 0].id, "epoch": 1} for job in second
    ]
    assert {one.trial.number for one in by_number(database) if one.state == "stopped"} == {0, 1, 2, 5, 6, 7}
    # Asked again, nothing happens.
    assert advance(database, new_id) == []
    for job, accuracy in zip(second, (0.9, 0.6, 0.5), strict=True):
        train(database, job, accuracy)
    (third,) = advance(database, new_id)
    assert (third.trial, third.epochs, third.start_epoch) == (3, 6, 3)
    train(database, third, 0.7)
    assert advance(database, new_id) == []
    sweep = sweeps.get(database, SWEEP)
    assert (sweep.status, sweep.ended_at) == ("succeeded", 200.0)
    assert advance(database, new_id) == []
    found = by_number(database)
    best = found[3]
    assert (best.state, best.rank, best.trial.rung, best.budgets) == ("succeeded", 1, 2, [1, 3, 9])
    assert best.jobs == [first[3].id, second[0].id, third.id]
    assert best.epochs == list(range(1, 10))
    assert best.objective == pytest.approx([0.3, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7])
    # The first of the epochs at which it was best.
    assert best.best is not None
    assert (best.best.epoch, best.best.value) == (2, 0.9)
    # By the best epoch of each, the lower number first where two are as good: 0.9 0.6 0.5 0.2 0.2 0.1 0.1 0.0 0.0.
    assert [one.trial.number for one in sorted(found, key=lambda one: one.rank or 99)] == [3, 4, 8, 2, 7, 1, 6, 0, 5]
    assert len(job_queries.list_jobs(database, limit=99, sweep=SWEEP)) == 9 + 3 + 1


def test_without_halving_all_are_trained_whole_and_one_that_fails_fails_alone(
    database: Database, new_id: Callable[[], str]
) -> None:
    sweep, first = begun(database, new_id, trials=3, halving=None)
    assert [job.epochs for job in first] == [9, 9, 9]
    train(database, first[0], 0.5)
    assert by_number(database)[0].state == "succeeded"
    train(database, first[1], 0.6, failing=True)
    jobs.cancel(database, first[2].id, now=150.0)
    assert advance(database, new_id) == []
    assert sweeps.get(database, SWEEP).status == "succeeded"
    found = by_number(database)
    assert [one.state for one in found] == ["succeeded", "failed", "cancelled"]
    assert found[1].trial.error == {"code": "diverged", "detail": "loss is nan"}
    assert [one.rank for one in found] == [2, 1, None]
    assert states(database, [sweep]) == {SWEEP: ["succeeded", "failed", "cancelled"]}


def test_those_that_fail_are_counted_but_do_not_go_on(database: Database, new_id: Callable[[], str]) -> None:
    _, first = begun(database, new_id, trials=6, halving={"factor": 2, "min_epochs": 1}, epochs=2)
    for job in first[:4]:
        train(database, job, accuracy=0.9, failing=True)
    jobs.cancel(database, first[4].id, now=150.0)
    train(database, first[5], accuracy=0.1)
    # A half of six is three, and there is one.
    (second,) = advance(database, new_id)
    assert second.trial == 5
    # It is deleted: the trial is given up, and the sweep has come to nothing.
    jobs.cancel(database, second.id, now=160.0)
    remove_rows(database, second.id)
    assert by_number(database)[5].state == "cancelled"
    assert advance(database, new_id) == []
    assert sweeps.get(database, SWEEP).status == "failed"


def test_of_many_that_judge_at_once_one_does(database: Database, new_id: Callable[[], str]) -> None:
    _, first = begun(database, new_id)
    for job in first:
        train(database, job, accuracy=0.1)
    gate, queued, wrong = threading.Barrier(6), list[list[Job]](), list[BaseException]()

    def judge() -> None:
        gate.wait()
        try:
            queued.append(sweeps.advance(database, SWEEP, now=200.0, new_id=new_id, limits=SETTINGS))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=judge) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert sorted(map(len, queued)) == [0, 0, 0, 0, 0, 3]
    assert len(job_queries.list_jobs(database, limit=99, sweep=SWEEP)) == 12


def test_cancelling_ends_what_waits_at_once_and_the_sweep_with_its_last_job(
    database: Database, new_id: Callable[[], str]
) -> None:
    _, first = begun(database, new_id, trials=3)
    train(database, first[0], 0.5)
    claim = jobs.claim(database, first[1].id, 1, owner="w", now=101.0, lease_seconds=60)
    assert claim is not None
    sweep, cancelled = sweeps.cancel(database, SWEEP, now=150.0)
    assert sweep.status == "running"
    assert [(job.id, job.status) for job in cancelled] == [(first[1].id, "running"), (first[2].id, "cancelled")]
    assert outbox.owed(database) == []
    assert advance(database, new_id) == []
    told = jobs.heartbeat(database, claim, now=151.0, lease_seconds=60, epoch_progress=0.0, running_seconds=1.0)
    assert told, "it is told to stop"
    jobs.end(database, claim, "cancelled", now=152.0)
    assert advance(database, new_id) == []
    assert sweeps.get(database, SWEEP).status == "cancelled"
    assert [one.state for one in by_number(database)] == ["cancelled", "cancelled", "cancelled"]
    with pytest.raises(sweeps.SweepEnded):
        sweeps.cancel(database, SWEEP, now=160.0)


def test_a_sweep_none_of_which_has_begun_is_cancelled_at_once(database: Database, new_id: Callable[[], str]) -> None:
    begun(database, new_id)
    assert sweeps.cancel(database, SWEEP, now=150.0)[0].status == "cancelled"


def test_a_sweep_is_deleted_only_when_it_has_ended(database: Database, new_id: Callable[[], str]) -> None:
    begun(database, new_id)
    with pytest.raises(sweeps.SweepLive):
        sweeps.remove(database, SWEEP)
    sweeps.cancel(database, SWEEP, now=150.0)
    sweeps.remove(database, SWEEP)
    for identity in (SWEEP, "nothing"):
        with pytest.raises(sweeps.UnknownSweep):
            sweeps.get(database, identity)


def test_a_key_makes_one_sweep_however_often_it_is_sent(database: Database, new_id: Callable[[], str]) -> None:
    key: Any = {"idempotency_key": "k", "body_sha256": "x"}
    first, queued = begun(database, new_id, **key)
    again, none = begun(database, new_id, **key)
    assert (first.id, len(queued), none) == (again.id, 9, [])
    assert len(job_queries.list_jobs(database, limit=99)) == 9
    with pytest.raises(sweeps.SweepKeyReused):
        begun(database, new_id, idempotency_key="k", body_sha256="y")
    second, _ = begun(database, new_id, idempotency_key="l", body_sha256="x")
    assert [sweep.id for sweep in sweeps.list_sweeps(database, limit=5)] == [second.id, first.id]
    assert [sweep.id for sweep in sweeps.list_sweeps(database, limit=5, before=second.id)] == [first.id]


def test_a_sweep_and_all_of_its_jobs_are_its_owners(database: Database, new_id: Callable[[], str]) -> None:
    ann, bob = (database.seen_by(Viewer(owner, sees_all=False)) for owner in ("ann", "bob"))
    key: Any = {"idempotency_key": "k", "body_sha256": "x"}
    sweep, first = begun(ann, new_id, trials=3, **key)
    for job in first:
        train(database, job, 0.5)
    # By the service itself, which is nobody.
    second = advance(database, new_id)
    assert [job.owner for job in (*first, *second)] == ["ann"] * 4
    assert sweeps.get(ann, sweep.id).owner == "ann"
    assert sweeps.list_sweeps(bob, limit=5) == []
    for ask in (sweeps.get, sweeps.remove):
        with pytest.raises(sweeps.UnknownSweep):
            ask(bob, sweep.id)
    with pytest.raises(sweeps.UnknownSweep):
        sweeps.cancel(bob, sweep.id, now=150.0)
    # The same key of another is another's.
    assert begun(bob, new_id, trials=3, **key)[0].id != sweep.id


def test_what_is_not_admitted_leaves_nothing(database: Database, new_id: Callable[[], str]) -> None:
    def refuse(_: Session) -> None:
        raise LookupError

    spec = spec_of(2, None, 1)
    trials = [sweeps.NewTrial(values, spec.base, None) for values in spec.values(2)]
    with pytest.raises(LookupError):
        sweeps.submit(database, spec, trials, sweep_id=SWEEP, new_id=new_id, now=1.0, admit=refuse)
    assert sweeps.list_sweeps(database, limit=5) == []
    assert job_queries.list_jobs(database, limit=5) == []


def waiting_for_room(database: Database) -> dict[int, str]:
    """The code of what each of SWEEP's trials waits for."""
    return {one.trial.number: one.error["code"] for one in by_number(database) if one.state == "waiting" and one.error}


def live(database: Database) -> int:
    return sum(job.status not in jobs.ENDED for job in job_queries.list_jobs(database, limit=99))


def test_a_trial_that_is_one_job_too_many_waits_and_goes_on_later(
    database: Database, new_id: Callable[[], str]
) -> None:
    ann = database.seen_by(Viewer("ann", sees_all=False))
    limits = SETTINGS.model_copy(update={"max_owner_live_jobs": 4})
    _, nine = begun(ann, new_id)
    for job in nine:
        train(database, job, (job.trial or 0) / 10)
    # What came in between: three of four places are taken.
    others = [submission.submit(ann, JobSpec(dataset="mnist"), job_id=new_id(), now=150.0)[0] for _ in range(3)]
    (first,) = advance(database, new_id, limits)
    assert (first.trial, live(database)) == (6, 4)
    assert waiting_for_room(database) == {7: "too-many-jobs", 8: "too-many-jobs"}
    assert advance(database, new_id, limits) == []
    # One place, and then all.
    train(database, first, 0.1)
    (second,) = advance(database, new_id, limits)
    assert (second.trial, live(database)) == (7, 4)
    assert waiting_for_room(database) == {8: "too-many-jobs"}
    for job in others:
        jobs.cancel(database, job.id, now=160.0)
    (third,) = advance(database, new_id, limits)
    assert (third.trial, waiting_for_room(database)) == (8, {})
    assert sweeps.to_be_advanced(database) == []
    # The rung is judged as if all had begun at once.
    train(database, second, 0.9)
    train(database, third, 0.5)
    (last,) = advance(database, new_id, limits)
    assert (last.trial, last.start_epoch) == (7, 3)
    train(database, last, 0.9)
    assert advance(database, new_id, limits) == []
    assert sweeps.get(database, SWEEP).status == "succeeded"
    assert [one.trial.number for one in by_number(database) if one.state == "succeeded"] == [7]
    assert all(one.error is None for one in by_number(database))


@pytest.mark.parametrize("train_first", [False, True], ids=["while the others have not begun", "once they have ended"])
def test_a_trial_whose_weights_do_not_fit_waits_until_something_is_deleted(
    database: Database, new_id: Callable[[], str], train_first: bool
) -> None:
    _, first = begun(database.seen_by(Viewer("ann", sees_all=False)), new_id)
    for job in first:
        train(database, job, (job.trial or 0) / 10)
    # Nine trials have two epochs of 10 bytes each; the next rung has these two of each, and two more.
    limits = SETTINGS.model_copy(update={"max_owner_stored_bytes": 9 * 20 + 3 * 40 - 1})
    queued = advance(database, new_id, limits)
    assert [job.trial for job in queued] == [6, 7]
    if train_first:
        for job in queued:
            train(database, job, 0.5)
    assert advance(database, new_id, limits) == []
    assert waiting_for_room(database) == {8: "quota-exceeded"}
    remove_rows(database, first[0].id)
    (third,) = advance(database, new_id, limits)
    assert (third.trial, waiting_for_room(database)) == (8, {})
    for job in (third, *([] if train_first else queued)):
        train(database, job, 0.5)
    kept = sum(
        epoch.size
        for job in job_queries.list_jobs(database, limit=99)
        for epoch in job_queries.list_epochs(database, job.id, kept=True)
    )
    assert kept == 8 * 20 + 3 * 40 <= limits.max_owner_stored_bytes


@pytest.mark.parametrize("end", ["cancel", "delete"])
def test_a_trial_that_waits_for_room_is_cancelled_with_its_sweep_or_given_up_with_its_job(
    database: Database, new_id: Callable[[], str], end: str
) -> None:
    full = SETTINGS.model_copy(update={"max_live_jobs": 1})
    _, first = begun(database, new_id, trials=6, epochs=3)
    for job in first:
        train(database, job, (job.trial or 0) / 10)
    (going,) = advance(database, new_id, full)
    assert waiting_for_room(database) == {5: "too-many-jobs"}
    if end == "cancel":
        sweeps.cancel(database, SWEEP, now=150.0)
    else:
        remove_rows(database, first[5].id)
        train(database, going, 0.5)
    assert advance(database, new_id) == []
    assert by_number(database)[5].state == "cancelled"
    assert sweeps.get(database, SWEEP).status == ("cancelled" if end == "cancel" else "succeeded")
