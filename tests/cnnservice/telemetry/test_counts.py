"""Counts of several processes in a real Valkey, which may be away or forget."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis

from cnnservice.broker import connect
from cnnservice.settings import Settings
from cnnservice.supervision.stack import valkey
from cnnservice.telemetry.counts import BEYOND, KEY, SUM, Counts, total
from cnnservice.telemetry.families import EPOCHS, JOB_SECONDS
from live import PATIENCE_SECONDS, wait_until

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Starts the broker, and waits until it answers."""
    started = list[subprocess.Popen[bytes]]()

    def answers() -> bool:
        try:
            return bool(connect(settings).ping())
        except redis.RedisError:
            return False

    def start_it() -> subprocess.Popen[bytes]:
        command = valkey(settings, tmp_path / "log").command
        started.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        wait_until(answers, "the broker")
        return started[-1]

    yield start_it
    for process in started:
        process.kill()
        process.wait(PATIENCE_SECONDS)


def test_what_processes_count_is_added_up(settings: Settings, start: Start) -> None:
    start()
    one, other = Counts(connect(settings)), Counts(connect(settings))
    for counts, seconds in ((one, (0.5, 1.0, 1.1)), (other, (2.9, 1e6))):
        counts.add(EPOCHS, 2)
        for each in seconds:
            counts.observe(JOB_SECONDS, each, "succeeded")
        counts.publish()
        counts.publish()
    counted = connect(settings).hgetall(KEY)
    assert total(counted, EPOCHS, "") == 4
    # A bound belongs to its bucket.
    told = {part: total(counted, JOB_SECONDS, "succeeded", part) for part in ("1", "3", "10", BEYOND, SUM)}
    assert told == {"1": 2, "3": 2, "10": 0, BEYOND: 1, SUM: pytest.approx(1e6 + 5.5)}
    assert total(counted, JOB_SECONDS, "failed", "1") == 0


def test_what_is_counted_while_the_broker_is_away_is_told_when_it_is_back(settings: Settings, start: Start) -> None:
    counts = Counts(connect(settings))
    counts.add(EPOCHS)
    counts.publish()
    counts.add(EPOCHS)
    start()
    counts.publish()
    assert total(connect(settings).hgetall(KEY), EPOCHS, "") == 2
