"""The state machine of long computations, on both databases: one owner at a time, ends that only its owner writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from cnnservice import computations, job_errors, jobs, publication, submission
from cnnservice.computations import Claim, Question
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.tables import Base, Computation
from cnnservice.errors import FaultError, InvalidError, error_of
from cnnservice.keeping.deletion import remove_rows
from cnnservice.models import Snapshot, open_snapshot
from cnnservice.specs.job import JobSpec
from cnnservice.specs.keeping import Keep
from cnnservice.weights import StoredFile
from servers import PostgresServer, postgres_with_a_database

MODEL = "01990000-0000-7000-8000-000000000001"
LEASE, RETRY = 10.0, 60.0


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresServer]:
    with postgres_with_a_database() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'jobs.db'}" if sqlite else request.getfixturevalue("postgresql").url
    database = Database(url)
    upgrade(database)
    yield database
    with database.write() as session:
        session.execute(text("DELETE FROM jobs"))
    database.close()


@pytest.fixture
def snapshot(database: Database) -> Snapshot:
    """A model whose epoch 0 is there."""
    submission.submit(database, JobSpec(dataset="mnist", epochs=1, keep=Keep(last=1)), job_id=MODEL, now=1.0)
    claim = jobs.claim(database, MODEL, 1, owner="w", now=1.0, lease_seconds=LEASE)
    assert claim is not None
    record = publication.EpochRecord(0, StoredFile("e0", 10, 8, "0" * 64), {"loss": 1.0}, 2.0)
    publication.commit_epoch(database, claim, record, now=2.0, lease_seconds=LEASE)
    jobs.end(database, claim, "succeeded", now=3.0)
    return open_snapshot(database, MODEL, 0)


def question(snapshot: Snapshot, **arguments: Any) -> Question:
    return Question("top_images", [snapshot], {"epoch": 0, "layer": "Conv1", **arguments})


def submit(database: Database, asked: Question, now: float = 100.0) -> tuple[Computation, bool]:
    return computations.submit(
        database, asked, version="1", result_url="/v1/there?epoch=0", now=now, retry_seconds=RETRY
    )


def claim_next(database: Database, now: float = 101.0) -> Claim | None:
    return computations.claim_next(database, owner="w", now=now, lease_seconds=LEASE)


def claimed(database: Database, now: float = 101.0) -> Claim:
    claim = claim_next(database, now)
    assert claim is not None
    return claim


def test_the_migrations_make_the_table_that_is_declared(database: Database) -> None:
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert [difference for difference in differences if "computations" in str(difference)] == []


def test_the_same_question_is_the_same_computation_and_another_is_another(
    database: Database, snapshot: Snapshot
) -> None:
    first, queued = submit(database, question(snapshot))
    assert queued
    again, queued = submit(database, Question("top_images", [snapshot], {"layer": "Conv1", "epoch": 0}), now=200.0)
    assert not queued
    assert (again.id, again.created_at) == (first.id, 100.0)
    others = [
        question(snapshot, layer="Conv2").identity("1"),
        question(snapshot).identity("2"),
        Question("top_images", [snapshot, snapshot], question(snapshot).arguments).identity("1"),
    ]
    assert len({first.id, *others}) == 4


def test_the_one_that_waits_longest_is_next(database: Database, snapshot: Snapshot) -> None:
    submitted = [submit(database, question(snapshot, count=count), now=now)[0].id for count, now in ((1, 9), (2, 8))]
    assert [claimed(database).computation_id, claimed(database).computation_id] == submitted[::-1]
    assert claim_next(database) is None


def test_of_many_claimants_one_gets_it(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot))
    claims: list[Claim | None] = []
    gate = threading.Barrier(6)

    def claimant() -> None:
        gate.wait()
        claims.append(claim_next(database))

    threads = [threading.Thread(target=claimant) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claims) == 6
    assert len([claim for claim in claims if claim is not None]) == 1


def test_a_report_is_read_and_renews_the_lease(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot))
    claim = claimed(database, now=101.0)
    computations.report(database, claim, now=110.0, lease_seconds=LEASE, progress=0.5, message="half " * 100)
    computation = computations.get(database, claim.computation_id)
    assert (computation.status, computation.progress, computation.started_at) == ("running", 0.5, 101.0)
    assert computation.message == ("half " * 100)[:200]
    assert computations.recover_expired(database, now=119.0, attempt_limit=3) == []
    assert [lost.id for lost in computations.recover_expired(database, now=121.0, attempt_limit=3)] == [computation.id]


def test_a_stale_holder_writes_nothing(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot))
    stale = claimed(database)
    computations.recover_expired(database, now=200.0, attempt_limit=3)
    writes = [
        lambda: computations.report(database, stale, now=201.0, lease_seconds=LEASE, progress=0.9, message="old"),
        lambda: computations.succeed(database, stale, now=201.0),
        lambda: computations.fail(database, stale, InvalidError("no"), now=201.0),
        lambda: computations.release(database, stale),
    ]
    for status in ("queued", "running"):
        for write in writes:
            with pytest.raises(computations.ClaimLost):
                write()
        computation = computations.get(database, stale.computation_id)
        assert (computation.status, computation.progress, computation.attempt) == (status, 0.0, 2)
        claim_next(database, now=201.0)


def test_one_that_is_deleted_and_asked_for_again_is_not_its_old_holders(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot), now=100.0)
    stale = claimed(database)
    computations.remove(database, stale.computation_id)
    with pytest.raises(computations.UnknownComputation, match="begins it anew"):
        computations.get(database, stale.computation_id)
    submit(database, question(snapshot), now=102.0)
    claimed(database, now=103.0)
    with pytest.raises(computations.ClaimLost):
        computations.succeed(database, stale, now=104.0)


def test_a_worker_that_stops_gives_it_back_without_losing_an_attempt(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot))
    first = claimed(database)
    computations.report(database, first, now=102.0, lease_seconds=LEASE, progress=0.5, message="half")
    computations.release(database, first)
    computation = computations.get(database, first.computation_id)
    assert (computation.status, computation.progress, computation.attempt) == ("queued", 0.0, 1)
    assert claimed(database).token > first.token


def test_after_as_many_lost_workers_as_are_allowed_it_fails_and_says_so(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot))
    for attempt in (1, 2, 3):
        assert claimed(database, now=1000.0 * attempt).attempt == attempt
        computations.recover_expired(database, now=1000.0 * attempt + 500, attempt_limit=3)
    computation, _ = submit(database, question(snapshot), now=3501.0)
    assert (computation.status, computation.ended_at) == ("failed", 3500.0)
    assert computation.error is not None
    error = error_of(computation.error)
    assert isinstance(error, FaultError)
    assert (error.code, "3 attempts" in error.detail) == ("worker-lost", True)


def test_a_failure_is_told_for_a_while_and_then_tried_anew(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot))
    computations.fail(database, claimed(database), InvalidError("not so"), now=200.0)
    failed, queued = submit(database, question(snapshot), now=200.0 + RETRY - 1)
    assert (failed.status, queued) == ("failed", False)
    assert failed.error == {"kind": "InvalidError", "code": "invalid", "title": "Invalid request", "detail": "not so"}
    anew, queued = submit(database, question(snapshot), now=200.0 + RETRY)
    assert (anew.id, anew.status, anew.error, queued) == (failed.id, "queued", None, True)


def test_one_whose_result_is_gone_is_queued_anew_by_the_first_who_misses_it(
    database: Database, snapshot: Snapshot
) -> None:
    submit(database, question(snapshot))
    computations.succeed(database, claimed(database), now=102.0)
    found, queued = submit(database, question(snapshot), now=1e6)
    assert (found.status, found.progress, queued) == ("succeeded", 1.0, False)
    assert computations.queue_anew(database, found, now=200.0)[1]
    computations.succeed(database, claimed(database), now=202.0)
    late, queued = computations.queue_anew(database, found, now=203.0)
    assert (late.status, queued) == ("succeeded", False)


def test_what_waits_is_told_after_a_while(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot), now=100.0)
    assert not computations.waits(database, before=100.0)
    assert computations.waits(database, before=100.5)
    claimed(database)
    assert not computations.waits(database, before=1e9)


def test_nothing_is_queued_that_cannot_be_done(database: Database, snapshot: Snapshot) -> None:
    snapshot.row.kept = False
    with pytest.raises(job_errors.EpochNotKept):
        submit(database, question(snapshot))
    snapshot.row.kept = True
    remove_rows(database, MODEL)
    with pytest.raises(job_errors.UnknownJob):
        submit(database, question(snapshot))


def test_a_models_computations_go_with_it(database: Database, snapshot: Snapshot) -> None:
    submit(database, question(snapshot))
    claim = claimed(database)
    remove_rows(database, MODEL)
    with pytest.raises(computations.UnknownComputation):
        computations.get(database, claim.computation_id)
    with pytest.raises(computations.ClaimLost):
        computations.succeed(database, claim, now=102.0)
    with pytest.raises(computations.ClaimLost):
        computations.succeed(database, replace(claim, token=claim.token + 1), now=102.0)
