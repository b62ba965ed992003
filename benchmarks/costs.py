"""What a unit of each thing costs: a write, a file, an event, a request. docs/scaling.md reckons with these."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
from celery import Celery
from uuid_utils import uuid7

from benchmarks.database_costs import database_costs
from benchmarks.pairs import milliseconds, seconds
from benchmarks.request_costs import request_costs
from benchmarks.rows import Row
from benchmarks.servers import redis_server
from cnnservice.broker import TRAIN_QUEUE, TRAIN_TASK, celery_options, connect
from cnnservice.events import EventWriter, stream_key
from cnnservice.settings import Settings
from cnnservice.store import open_store
from cnnservice.weights import CheckpointStore

_FILE_BYTES = (624_000, 64_000_000)
_EVENTS, _MESSAGES = 2000, 500
_BATCH = {"epoch": 12, "step": 57, "steps": 94, "loss": 0.123456789, "categorical_accuracy": 0.961234567}


def rows() -> Iterator[Row]:
    """Nothing is demanded of these."""
    yield from database_costs()
    with tempfile.TemporaryDirectory(prefix="cnnservice-bench-") as folder, redis_server() as broker:
        settings = Settings(data_dir=Path(folder), redis_url=broker)
        yield from _files(settings)
        yield _messages(settings)
        yield from _events(settings)
        yield from request_costs(settings)


def _row(what: str, each: float, against: str = "") -> Row:
    return Row(what, milliseconds(each), against, 1 / each, "a second")


def _files(settings: Settings) -> Iterator[Row]:
    checkpoints = CheckpointStore(open_store(settings.resolved_store_url))
    for size in _FILE_BYTES:
        weights = {"model/FC1/0/kernel": np.random.default_rng(0).random(size // 4, dtype=np.float32)}
        each = seconds(partial(checkpoints.write, "models/x/t1/epoch-00001.safetensors", weights, {}), 10)
        yield _row(f"folder: a checkpoint of {size / 1e6:.3g} MB, synced", each, f"{size / each / 1e6:.0f} MB/s")


def _messages(settings: Settings) -> Row:
    client, celery = connect(settings), Celery("costs", set_as_current=False)
    celery.conf.update(celery_options(settings))

    def send() -> None:
        job_id = str(uuid7())
        celery.send_task(TRAIN_TASK, args=[job_id, 1], task_id=f"{job_id}:1", queue=TRAIN_QUEUE)

    each = seconds(send, _MESSAGES)
    memory = cast("int", client.memory_usage(TRAIN_QUEUE, samples=0)) / _MESSAGES
    return _row("broker: a wake-up, as the dispatcher sends it", each, f"{memory:.0f} bytes of memory")


def _events(settings: Settings) -> Iterator[Row]:
    client = connect(settings)
    writer = EventWriter(client, settings)
    each = seconds(lambda: writer.append("x", "batch", 12, _BATCH), _EVENTS)
    memory = cast("int", client.memory_usage(stream_key("x"), samples=0)) / _EVENTS
    yield _row("broker: an event, as its writer waits for it", each, f"{memory:.0f} bytes of memory")
    statistics = cast("dict[str, dict[str, Any]]", client.info("commandstats"))
    yield _row("broker: an event, in the server", statistics["cmdstat_evalsha"]["usec_per_call"] / 1e6)
