"""An SQLite database of many processes: WAL, and never a file that this process has made up."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError

# FULL: what was acknowledged is on disk, also when the power goes.
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")


def sqlite_engine(url: str, timeout_seconds: float) -> Engine:
    """An engine on a file that is there. A writer waits so long for another; what is raised then is retryable."""
    path = sqlite_path(url)

    def connect() -> sqlite3.Connection:
        # Not created when it is missing: an empty database in the place of one that is away would lose all jobs.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=timeout_seconds,
            check_same_thread=False,
            isolation_level=None,  # the driver begins nothing by itself; _begin does
        )
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(url, creator=connect, pool_size=10, max_overflow=20, pool_timeout=timeout_seconds)

    @event.listens_for(engine, "connect")
    def _remember(_connection: Any, record: Any) -> None:
        record.info["file"] = _identity(path)

    @event.listens_for(engine, "checkout")
    def _check(_connection: Any, record: Any, _proxy: Any) -> None:
        # A connection outlives its file's name: it would go on reading and writing what is no longer the database.
        if record.info["file"] != _identity(path):
            raise DisconnectionError(f"{path} is another file than before, or gone")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A writer takes the write lock at its start: one that began by reading would fail with "database is
        # locked", without waiting, when another had written in between.
        writes = connection.get_execution_options().get("cnnservice_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def sqlite_path(url: str) -> Path:
    """The file that a URL names."""
    path = make_url(url).database
    if not path:
        raise ValueError(f"{url!r} names no file; SQLite in memory cannot be shared by several processes.")
    return Path(path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino
