"""What becomes of a long computation that ends well, fails, is stopped, or is no longer the worker's."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import obstore
import pytest
import redis
from obstore.store import LocalStore

from cnnservice import computations, jobs, publication, submission
from cnnservice.computations import Question
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.tables import Computation
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.errors import InvalidError
from cnnservice.events import EventWriter
from cnnservice.keeping.deletion import remove_rows
from cnnservice.models import open_snapshot
from cnnservice.results import Result, read_result
from cnnservice.settings import Settings
from cnnservice.specs.job import JobSpec
from cnnservice.telemetry.askers import Askers
from cnnservice.telemetry.counts import Counts
from cnnservice.weights import CheckpointStore, StoredFile
from live import wait_until
from worker.app import Resources
from worker.attempt import Stopped
from worker.computations.work import Work
from worker.compute import carry_out
from worker.stopping import SharedFlag

MODEL = "01990000-0000-7000-8000-000000000001"


class Bells(EventWriter):
    """Counts what would ring."""

    def __init__(self) -> None:
        self.rung = 0

    def ring(self, identity: str) -> None:
        self.rung += 1


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Resources]:
    """A worker's connections, and a model whose epoch 0 is there; no broker."""
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    upgrade(database)
    submission.submit(database, JobSpec(dataset="mnist", epochs=1), job_id=MODEL, now=1.0)
    claim = jobs.claim(database, MODEL, 1, owner="w", now=1.0, lease_seconds=10)
    assert claim is not None
    record = publication.EpochRecord(0, StoredFile("e0", 10, 8, "0" * 64), {"loss": 1.0}, 2.0)
    publication.commit_epoch(database, claim, record, now=2.0, lease_seconds=10)
    jobs.end(database, claim, "succeeded", now=3.0)
    store = LocalStore(tmp_path / "store", mkdir=True)
    broker = redis.Redis(unix_socket_path=str(tmp_path / "away"))
    yield Resources(
        Settings(heartbeat_seconds=0.02),
        database,
        CheckpointStore(store),
        broker,
        Bells(),
        Catalogue(database, store, tmp_path / "datasets"),
        Counts(broker),
        Askers(broker),
        "w",
    )
    database.close()


def begun(parts: Resources, **arguments: Any) -> computations.Claim:
    question = Question("top_images", [open_snapshot(parts.database, MODEL, 0)], arguments)
    computations.submit(parts.database, question, version="1", result_url="/", now=4.0, retry_seconds=0.0)
    claim = computations.claim_next(parts.database, owner="w", now=5.0, lease_seconds=10)
    assert claim is not None
    return claim


def carried_out(parts: Resources, do: Callable[[Work], Result]) -> Computation:
    claim = begun(parts)
    carry_out(parts, claim, {"top_images": do})
    return computations.get(parts.database, claim.computation_id)


def files(parts: Resources) -> list[str]:
    return [entry["path"] for batch in obstore.list(parts.store.store) for entry in batch]


def test_a_result_is_stored_as_it_was_given(parts: Resources) -> None:
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T
    arrays = {"turned": turned, "number": np.array(7, np.int64), "empty": np.empty((2, 0), np.uint8)}
    document = {"verdict": "ß", "steps": [1, None]}
    computation = carried_out(parts, lambda _: Result(arrays, document))
    assert (computation.status, computation.progress) == ("succeeded", 1.0)
    stored = read_result(parts.store.store, MODEL, computation.id)
    assert stored.document == document
    for name, array in arrays.items():
        np.testing.assert_array_equal(stored.arrays[name], array)
        assert stored.arrays[name].dtype == array.dtype


def test_progress_is_written_by_the_heartbeat_of_what_says_no_more(parts: Resources) -> None:
    seen: list[Computation] = []

    def quiet(work: Work) -> Result:
        work.report(0.1, "the first")
        work.report(0.25, "the last word")

        def told() -> bool:
            seen.append(computations.get(parts.database, computation_id))
            return seen[-1].message == "the last word"

        wait_until(told, "the heartbeat")
        return Result({})

    claim = begun(parts)
    computation_id = claim.computation_id
    carry_out(parts, claim, {"top_images": quiet})
    assert seen[-1].progress == 0.25
    lease_ends = seen[-1].lease_expires_at
    assert lease_ends is not None
    assert lease_ends > 15.0, "the lease was not renewed"


def test_of_many_reports_few_are_written(parts: Resources) -> None:
    def talkative(work: Work) -> Result:
        for step in range(2000):
            work.report(step / 2000, f"step {step}")
        return Result({})

    carried_out(parts, talkative)
    assert isinstance(parts.events, Bells)
    assert 1 <= parts.events.rung < 500


class OutOfIdeas(InvalidError):
    code = "out-of-ideas"


@pytest.mark.parametrize(
    ("error", "kind", "code", "says"),
    [
        (OutOfIdeas("Layer 3 has none."), "InvalidError", "out-of-ideas", "Layer 3 has none."),
        (MemoryError(), "UnavailableError", "out-of-memory", "Ask for less at once"),
        (ZeroDivisionError("by zero\nand more"), "FaultError", "computation-failed", "ZeroDivisionError: by zero."),
        (ValueError(), "FaultError", "computation-failed", "ValueError"),
    ],
)
def test_a_failure_is_told_in_its_words(parts: Resources, error: Exception, kind: str, code: str, says: str) -> None:
    def fail(work: Work) -> Result:
        raise error

    computation = carried_out(parts, fail)
    assert computation.status == "failed"
    assert computation.error is not None
    assert (computation.error["kind"], computation.error["code"]) == (kind, code)
    assert says in computation.error["detail"]
    assert files(parts) == []


def test_tensorflow_without_memory_is_told_as_such(parts: Resources) -> None:
    import tensorflow as tf

    def fail(work: Work) -> Result:
        raise tf.errors.ResourceExhaustedError(None, None, "OOM when allocating tensor")

    computation = carried_out(parts, fail)
    assert computation.error is not None
    assert computation.error["code"] == "out-of-memory"


def test_a_worker_that_stops_gives_it_back(parts: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = SharedFlag()
    monkeypatch.setattr("worker.attempt.stopping", flag)

    def stopped(work: Work) -> Result:
        work.report(0.5, "half")
        flag.set()
        work.report(0.6, "more")
        raise AssertionError("it went on")

    computation = carried_out(parts, stopped)
    assert (computation.status, computation.attempt, computation.progress) == ("queued", 1, 0.0)
    assert files(parts) == []


def test_what_is_done_when_the_worker_stops_is_kept(parts: Resources, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = SharedFlag()
    monkeypatch.setattr("worker.attempt.stopping", flag)

    def done(work: Work) -> Result:
        flag.set()
        return Result({})

    assert carried_out(parts, done).status == "succeeded"


def test_one_that_another_has_taken_stops_and_its_result_stays(parts: Resources) -> None:
    again: list[computations.Claim] = []

    def overtaken(work: Work) -> Result:
        computations.recover_expired(parts.database, now=1e12, attempt_limit=3)
        claim = computations.claim_next(parts.database, owner="other", now=1e12, lease_seconds=10)
        assert claim is not None
        again.append(claim)
        return Result({"found": np.ones(1)})

    computation = carried_out(parts, overtaken)
    assert (computation.status, computation.lease_owner) == ("running", "other")
    assert len(files(parts)) == 1
    carry_out(parts, again[0], {"top_images": lambda _: Result({"found": np.ones(1)})})
    assert computations.get(parts.database, computation.id).status == "succeeded"


def test_of_a_model_that_is_deleted_meanwhile_nothing_stays(parts: Resources) -> None:
    def orphaned(work: Work) -> Result:
        remove_rows(parts.database, MODEL)
        return Result({})

    claim = begun(parts)
    carry_out(parts, claim, {"top_images": orphaned})
    assert files(parts) == []


def test_one_that_is_deleted_stops_at_its_next_report(parts: Resources) -> None:
    stopped = threading.Event()

    def until_it_is_deleted(work: Work) -> Result:
        computations.remove(parts.database, claim.computation_id)

        def told_to_stop() -> bool:
            try:
                work.report(0.5, "half")
            except Stopped:
                stopped.set()
                raise
            return False

        wait_until(told_to_stop, "being told to stop")
        return Result({})

    claim = begun(parts)
    carry_out(parts, claim, {"top_images": until_it_is_deleted})
    assert stopped.is_set()
    assert files(parts) == []
