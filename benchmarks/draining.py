"""Have light workers drain a queue of jobs, and look at what they did and what it took."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import obstore

from benchmarks.lock_watch import LockWatch
from benchmarks.servers import running
from benchmarks.service import Service
from cnnservice import job_queries
from cnnservice.broker import TRAIN_QUEUE, connect, worker_key
from cnnservice.database.engine import Database
from cnnservice.settings import Settings
from cnnservice.store import open_store
from cnnservice.supervision.stack import child_environment

_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Drained:
    """seconds: from the first claim to the last end. calls: seconds of each, by name. waits: see LockWatch.

    undone: how many jobs were not done whole and once.
    """

    seconds: float
    calls: dict[str, list[float]]
    waits: dict[str, float]
    undone: int


def drain(service: Service, settings: Settings, *, workers: int, job_count: int, epochs: int) -> Drained:
    """Post so many jobs to an API process with these settings when all workers are ready, and wait for their end."""
    calls = settings.data_path / "calls"
    calls.mkdir(exist_ok=True)
    for file in calls.iterdir():
        file.unlink()
    broker, database = connect(settings), Database(settings.resolved_database_url)
    broker.delete(worker_key(TRAIN_QUEUE))
    command, log = [sys.executable, "-m", "benchmarks.light_worker"], settings.data_path / "worker.log"
    with ExitStack() as end:
        end.callback(database.close)
        started = [
            end.enter_context(running(command, log, environment=child_environment(settings))) for _ in range(workers)
        ]
        _wait_until(lambda: broker.zcard(worker_key(TRAIN_QUEUE)) == workers, started)
        with LockWatch(settings.resolved_database_url) as watch:
            job_ids = _post(service, job_count, epochs)
            _wait_until(lambda: all(job_queries.get(database, job_id).ended_at for job_id in job_ids), started)
        found = [job_queries.get(database, job_id) for job_id in job_ids]
        return Drained(
            max(job.ended_at or 0 for job in found) - min(job.started_at or 0 for job in found),
            _calls(settings),
            dict(watch.seconds),
            sum(not _is_whole(settings, database, job_id) for job_id in job_ids),
        )


def _post(service: Service, job_count: int, epochs: int) -> list[str]:
    with service.client() as client:
        answers = [client.post("/v1/jobs", json={"dataset": "mnist", "epochs": epochs}) for _ in range(job_count)]
    return [answer.raise_for_status().json()["id"] for answer in answers]


def _wait_until(holds: Callable[[], bool], started: Sequence[subprocess.Popen[bytes]]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        if time.monotonic() > deadline or any(process.poll() is not None for process in started):
            raise RuntimeError("a light worker has died, or takes too long; see worker.log")
        time.sleep(0.2)


def _calls(settings: Settings) -> dict[str, list[float]]:
    calls = defaultdict(list)
    for file in (settings.data_path / "calls").iterdir():
        for line in file.read_text().splitlines():
            name, seconds = json.loads(line)
            calls[name].append(seconds)
    return calls


def _is_whole(settings: Settings, database: Database, job_id: str) -> bool:
    """One claim, by the first attempt; its epochs without a gap; their files, and no others."""
    job, rows = job_queries.get(database, job_id), job_queries.list_epochs(database, job_id)
    listed = obstore.list(open_store(settings.resolved_store_url), prefix=f"models/{job_id}/")
    files = {entry["path"] for batch in listed for entry in batch}
    once = (job.status, job.attempt, job.fencing_token) == ("succeeded", 1, 1)
    contiguous = [row.epoch for row in rows] == list(range(job.epochs + 1))
    return once and contiguous and files == {row.path for row in rows}
