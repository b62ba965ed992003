"""The Celery app of the workers: three tasks, two queues, and what is made once in each process."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from typing import Any

import redis
from celery import Celery
from celery.signals import setup_logging

from cnnservice.broker import (
    COMPUTE_TASK,
    INSPECT_QUEUE,
    INSPECT_TASK,
    TRAIN_QUEUE,
    TRAIN_TASK,
    celery_options,
    connect,
)
from cnnservice.database.engine import Database
from cnnservice.datasets.catalogue import Catalogue
from cnnservice.events import EventWriter
from cnnservice.settings import Settings
from cnnservice.store import open_store
from cnnservice.telemetry.askers import Askers
from cnnservice.telemetry.counts import Counts
from cnnservice.telemetry.logs import configure_logging
from cnnservice.weights import CheckpointStore

settings = Settings()

app = Celery("worker", include=["worker.train", "worker.inspect", "worker.compute", "worker.liveness", "worker.killed"])
app.conf.update(
    celery_options(settings),
    task_routes={TRAIN_TASK: TRAIN_QUEUE, INSPECT_TASK: INSPECT_QUEUE, COMPUTE_TASK: INSPECT_QUEUE},
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # The child imports TensorFlow before it says that it is up.
    worker_proc_alive_timeout=120,
    worker_max_memory_per_child=settings.worker_child_memory_bytes // 1024,
)


@setup_logging.connect  # type: ignore[untyped-decorator]
def _set_up_logging(**_: Any) -> None:
    """In Celery's place: with somebody connected it leaves every logger, and stdout and stderr, as they are."""
    configure_logging(settings)


@dataclass(frozen=True)
class Resources:
    """Connections of this process; never carried over a fork."""

    settings: Settings
    database: Database
    store: CheckpointStore
    redis: redis.Redis
    events: EventWriter
    catalogue: Catalogue
    counts: Counts
    askers: Askers
    owner: str


@cache
def _resources_of(process_id: int) -> Resources:
    client = connect(settings)
    database = Database(settings.resolved_database_url, timeout_seconds=settings.database_timeout_seconds)
    store = open_store(settings.resolved_store_url)
    return Resources(
        settings,
        database,
        CheckpointStore(store),
        client,
        EventWriter(client, settings),
        Catalogue(database, store, settings.datasets_path),
        Counts(client),
        Askers(client),
        f"{socket.gethostname()}:{process_id}",
    )


def resources() -> Resources:
    """This process's connections, made at first use."""
    return _resources_of(os.getpid())
