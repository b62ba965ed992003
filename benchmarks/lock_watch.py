"""For how long backends of a PostgreSQL server wait for each other's locks, seen by looking again and again."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from types import TracebackType

import psycopg

_INTERVAL_SECONDS = 0.01
_WAITING = """
    SELECT wait_event_type, count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND wait_event_type IS NOT NULL GROUP BY 1
"""


class LockWatch:
    """seconds: by kind of wait, summed over backends. `Lock` is another transaction's, `IO` the disk."""

    def __init__(self, url: str) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._url, self._over = url, threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> LockWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            last = time.monotonic()
            while not self._over.wait(_INTERVAL_SECONDS):
                found = connection.execute(_WAITING).fetchall()
                now = time.monotonic()
                for kind, backends in found:
                    self.seconds[kind] += backends * (now - last)
                last = now
