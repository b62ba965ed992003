"""What a request costs the one process that answers it, in seconds of CPU, by its own count of them."""

from __future__ import annotations

import re
import selectors
import socket
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

import numpy as np

from benchmarks.holder import LEASE_SECONDS
from benchmarks.pairs import PAIRS, milliseconds
from benchmarks.rows import Row
from benchmarks.servers import running_api
from benchmarks.service import Getter, Service
from benchmarks.writers import claimed
from cnnservice import jobs, keys, publication
from cnnservice.broker import connect
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.events import EventWriter
from cnnservice.settings import Settings
from cnnservice.store import open_store
from cnnservice.weights import CheckpointStore, checkpoint_path

_REQUESTS = 400
_STREAMS, _EVENTS = 100, 40
_JOBS = 50
# Weights of the notebook's network, (height, width, channels, filters), from which filters are drawn.
_SHAPES = {"model/Conv1/0/kernel": (5, 5, 1, 32), "model/Conv2/0/kernel": (5, 5, 32, 64)}


def request_costs(settings: Settings) -> Iterator[Row]:
    """On SQLite, with a page of jobs that are running, one of which has an epoch to look at."""
    database = Database(settings.resolved_database_url)
    upgrade(database)
    claims = [claimed(database) for _ in range(_JOBS)]
    _publish_an_epoch(settings, database, claims[0])
    job_id = claims[0].job_id
    filters = f"/v1/models/{job_id}/layers/Conv2/filters.png?epoch=0"
    with running_api(settings) as service:
        getter = Getter(service.port)
        tag = getter.get(filters)[0]["etag"]
        asked: dict[str, Callable[[], object]] = {
            "GET /v1/jobs/{id}": lambda: getter.get(f"/v1/jobs/{job_id}"),
            f"GET /v1/jobs, {_JOBS} on the page": lambda: getter.get("/v1/jobs"),
            "GET /v1/models/{id}": lambda: getter.get(f"/v1/models/{job_id}"),
            "filters.png, 64 of 5x5": lambda: getter.get(filters),
            "filters.png, 304": lambda: getter.get(filters, 304, **{"If-None-Match": tag}),
        }
        for what, ask in asked.items():
            yield _row(f"API: {what}", _cpu_seconds(getter, ask, _REQUESTS))
        yield from _streams(settings, service, job_id)
    yield _gate(settings)


def _gate(settings: Settings) -> Row:
    """What it costs to know whose a request is, and that it may come: from the first key on, each is asked for one.

    Two services are asked in turn, of which one has a key, so that both see the same machine.
    """
    with ExitStack() as end:
        asking = []
        for name, keyed in (("keyed", True), ("open", False)):
            # Whoever asks as fast as this is told to come again.
            own = Settings(
                data_dir=settings.data_path / name,
                redis_url=settings.redis_url,
                requests_per_second=1e6,
                requests_burst=1_000_000,
            )
            own.data_path.mkdir()
            database = Database(own.resolved_database_url)
            upgrade(database)
            job_id = claimed(database).job_id
            headers = {"Authorization": f"Bearer {_key(database)}"} if keyed else {}
            getter = Getter(end.enter_context(running_api(own)).port, **headers)
            asking.append(partial(_cpu_seconds, getter, partial(getter.get, f"/v1/jobs/{job_id}"), _REQUESTS // 4))
        costs = [[ask() for ask in asking] for _ in range(PAIRS)]
    with_key, without = (statistics.median(column) for column in zip(*costs, strict=True))
    return Row(
        "API: GET /v1/jobs/{id} with a key, of CPU",
        milliseconds(with_key),
        f"without: {milliseconds(without)}",
        statistics.median(mine / other for mine, other in costs),
        "times as much",
    )


def _key(database: Database) -> str:
    _, text = keys.create(database, "bench", "admin", now=time.time())
    return text


def _row(what: str, each: float) -> Row:
    return Row(f"{what}, of CPU", milliseconds(each), "", 1 / each, "a second and core")


def _cpu_seconds(getter: Getter, work: Callable[[], object], repeat: int) -> float:
    """Of the API process, each time."""
    work()
    before = _cpu(getter)
    for _ in range(repeat):
        work()
    return (_cpu(getter) - before) / repeat


def _cpu(getter: Getter) -> float:
    found = re.search(rb"^process_cpu_seconds_total (\S+)", getter.get("/metrics")[1], re.MULTILINE)
    if found is None:
        raise RuntimeError("the API does not say what CPU it has used")
    return float(found[1])


def _publish_an_epoch(settings: Settings, database: Database, claim: jobs.Claim) -> None:
    checkpoints = CheckpointStore(open_store(settings.resolved_store_url))
    weights = {name: np.ones(shape, np.float32) for name, shape in _SHAPES.items()}
    file = checkpoints.write(checkpoint_path(claim.job_id, claim.token, 0), weights, {"epoch": 0})
    record = publication.EpochRecord(0, file, {}, 0.0)
    publication.commit_epoch(database, claim, record, now=time.time(), lease_seconds=LEASE_SECONDS)


def _streams(settings: Settings, service: Service, job_id: str) -> Iterator[Row]:
    """Streams of one job that are open at once, idle and with events at a distance that each is sent by itself."""
    writer, getter = EventWriter(connect(settings), settings), Getter(service.port)
    with ExitStack() as end:
        readers = [end.enter_context(_open_stream(service, job_id)) for _ in range(_STREAMS)]
        _read_away(readers, 2.0)
        before, began = _cpu(getter), time.monotonic()
        _read_away(readers, 10.0)
        idle = (_cpu(getter) - before) / (time.monotonic() - began)
        yield _row("API: an open event stream without events, a second of it", idle / _STREAMS)
        before, began = _cpu(getter), time.monotonic()
        for _ in range(_EVENTS):
            writer.append(job_id, "batch", 0, {"epoch": 1, "step": 57, "steps": 94, "loss": 0.123456789})
            _read_away(readers, 0.2)
        spent = _cpu(getter) - before - idle * (time.monotonic() - began)
        yield _row("API: an event sent to one stream", spent / _EVENTS / _STREAMS)


def _open_stream(service: Service, job_id: str) -> socket.socket:
    reader = socket.create_connection(("127.0.0.1", service.port))
    reader.sendall(f"GET /v1/jobs/{job_id}/events HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    return reader


def _read_away(readers: list[socket.socket], duration: float) -> None:
    with selectors.DefaultSelector() as selector:
        for reader in readers:
            selector.register(reader, selectors.EVENT_READ)
        end = time.monotonic() + duration
        while (left := end - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                key.fileobj.recv(1 << 16)  # type: ignore[union-attr]
