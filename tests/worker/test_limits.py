"""How long a job may run, how much memory it may take, and whom the kernel has killed."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import redis
from obstore.store import LocalStore

from cnnservice import job_queries, jobs, submission
from cnnservice.broker import connect
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.events import EventType, EventWriter
from cnnservice.settings import Settings
from cnnservice.specs.job import JobSpec
from cnnservice.supervision.stack import valkey
from cnnservice.telemetry.askers import Askers
from cnnservice.telemetry.counts import BEYOND, KEY, SUM, Counts, total
from cnnservice.telemetry.families import JOB_SECONDS
from cnnservice.weights import CheckpointStore
from live import wait_until
from witness import TINY
from worker.app import Resources
from worker.killed import fail_if_killed_by_kernel
from worker.memory_limit import MemoryLimit
from worker.noted import Note

JOB = "01990000-0000-7000-8000-000000000001"


class Told(EventWriter):
    """Keeps what would be told."""

    def __init__(self) -> None:
        self.events: list[tuple[EventType, dict[str, Any]]] = []

    def append(self, job_id: str, event: EventType, durable: int, body: dict[str, Any]) -> None:
        self.events.append((event, body))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    upgrade(database)
    yield database
    database.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[redis.Redis]:
    """A Valkey of its own."""
    settings = Settings(data_dir=tmp_path)
    client = connect(settings)

    def answers() -> bool:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    with subprocess.Popen(valkey(settings, tmp_path / "log").command, stdout=subprocess.DEVNULL) as process:
        try:
            wait_until(answers, "the broker")
            yield client
        finally:
            process.kill()


def claimed(database: Database, epochs: int = 1) -> jobs.Claim:
    submission.submit(database, JobSpec.model_validate({**TINY, "epochs": epochs}), job_id=JOB, now=1.0)
    claim = jobs.claim(database, JOB, 1, owner="w", now=2.0, lease_seconds=10)
    assert claim is not None
    return claim


@pytest.mark.parametrize(("before", "expected"), [(3600.0, "failed"), (0.0, "succeeded")])
def test_a_job_may_run_so_long_in_all_its_attempts_together(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: float, expected: str
) -> None:
    from worker import run, train

    bell = threading.Event()
    monkeypatch.setattr(run, "bell", lambda: bell)
    store = LocalStore(tmp_path / "store", mkdir=True)
    broker = redis.Redis(unix_socket_path=str(tmp_path / "away"))
    parts = Resources(
        Settings(heartbeat_seconds=0.02, max_job_seconds=3600.0),
        database,
        CheckpointStore(store),
        broker,
        Told(),
        Catalogue(database, store, tmp_path / "datasets"),
        Counts(broker),
        Askers(broker),
        "w",
    )
    claim = claimed(database, epochs=1000 if before else 1)
    running = run.Run(parts, replace(claim, running_seconds=before))
    with running.lease():
        train._execute(running)
    job = job_queries.get(database, JOB)
    assert job.status == expected, job.error
    if before:
        assert job.error is not None
        assert job.error["code"] == "too-long"
        assert "3600 seconds" in job.error["detail"]
        assert len(job_queries.list_epochs(database, JOB, kept=True)) == job.epochs_stored


def test_a_run_may_add_so_much_to_what_its_process_had_before() -> None:
    failed: list[bool] = []

    def fail() -> None:
        failed.append(True)
        raise jobs.LeaseLost  # or the process would end

    had_before = np.ones(200 << 20, np.uint8)
    limit = MemoryLimit(100 << 20)
    limit.enforce(fail)
    within = np.ones(80 << 20, np.uint8)
    limit.enforce(fail)
    assert not failed
    beyond = np.ones(40 << 20, np.uint8)
    limit.enforce(fail)
    assert failed
    assert had_before.size + within.size + beyond.size == 320 << 20


@pytest.mark.parametrize(
    ("token", "killed", "status"),
    [(1, 4, "failed"), (1, 3, "running"), (2, 4, "running")],
    ids=["killed by the kernel", "killed by somebody", "another's by now"],
)
def test_only_a_job_whose_child_the_kernel_killed_fails_at_once(
    database: Database, broker: redis.Redis, token: int, killed: int, status: str
) -> None:
    assert claimed(database).token == 1
    told = Told()
    failed = fail_if_killed_by_kernel(database, told, Counts(broker), Note(JOB, token, 3), killed=killed)
    assert failed == (status == "failed")
    job = job_queries.get(database, JOB)
    assert job.status == status
    counted = broker.hgetall(KEY)
    if status == "failed":
        assert job.error is not None
        assert job.error["code"] == "out-of-memory"
        assert told.events == [("end", {"status": "failed", "epochs_done": 0, "error": job.error})]
        # Like every other end, and from its first start.
        assert job.ended_at is not None
        assert total(counted, JOB_SECONDS, "failed", BEYOND) == 1
        assert total(counted, JOB_SECONDS, "failed", SUM) == pytest.approx(job.ended_at - 2.0)
    else:
        assert not told.events
        assert not counted
