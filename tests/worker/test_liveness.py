"""What a container's health goes by."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis

from cnnservice.broker import worker_key
from cnnservice.settings import Settings
from live import wait_until
from servers import RedisServer
from worker import liveness
from worker.stopping import SharedFlag


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


def test_the_file_is_touched_while_the_broker_hears_from_the_worker_and_no_longer(
    broker: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = tmp_path / "alive"
    client = redis.Redis(port=broker.port)
    nothing_counted = SimpleNamespace(publish=lambda: None)
    parts = SimpleNamespace(redis=client, settings=Settings(alive_file=alive), counts=nothing_counted)
    monkeypatch.setattr(liveness, "resources", lambda: parts)
    monkeypatch.setattr(liveness, "_queues", ["train"])
    monkeypatch.setattr(liveness, "stopping", stopping := SharedFlag())
    monkeypatch.setattr(liveness, "_INTERVAL_SECONDS", 0.01)
    reporting = threading.Thread(target=liveness._report, args=("train-1@here",))
    reporting.start()
    try:
        wait_until(alive.exists, "the file")
        assert client.zrange(worker_key("train"), 0, -1) == [b"train-1@here"]
        broker.stop()
        # One round may have been on its way.
        wait_until(lambda: not _touched_anew(alive), "the file to be left alone")
        broker.start()
        wait_until(lambda: _touched_anew(alive), "the file to be touched again")
    finally:
        stopping.set()
        reporting.join()


def _touched_anew(path: Path) -> bool:
    before = path.stat().st_mtime_ns
    threading.Event().wait(0.2)
    return path.stat().st_mtime_ns != before
