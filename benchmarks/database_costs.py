"""What the writes of workers cost on each kind of database, and what a long queue does."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import insert, literal, select, update

from benchmarks.filling import fill
from benchmarks.pairs import milliseconds, seconds
from benchmarks.rows import Row
from benchmarks.server_cpu import server_cpu_seconds
from benchmarks.servers import postgresql
from benchmarks.writers import WRITES, write_all_at_once
from cnnservice import jobs, outbox
from cnnservice.database.tables import Job, Outbox

_WRITERS = (1, 8)
_QUEUED = 10_000


def database_costs() -> Iterator[Row]:
    """On SQLite and on PostgreSQL, with what is committed synced to disk."""
    for name, one_database in (("SQLite", _a_file), ("PostgreSQL", postgresql)):
        with one_database() as url:
            yield _long_queue(name, url)
            for write in WRITES:
                for writers in _WRITERS:
                    yield _writes(name, url, write, writers)


@contextmanager
def _a_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="cnnservice-sqlite-") as folder:
        yield f"sqlite:///{folder}/cnnservice.db"


def _writes(name: str, url: str, write: str, writers: int) -> Row:
    on_server = url.startswith("postgresql")
    before = server_cpu_seconds(url) if on_server else 0.0
    found = write_all_at_once(url, write, writers=writers)
    cpu = f"CPU: {milliseconds(found.cpu_seconds)} of the writer"
    if on_server:
        cpu += f", {milliseconds((server_cpu_seconds(url) - before) / found.writes)} of the server"
    what = f"{name}: {write}, writers at once: {writers}"
    return Row(what, milliseconds(1 / found.a_second), cpu, found.a_second, "a second")


def _long_queue(name: str, url: str) -> Row:
    """What each API process asks every reconcile_seconds, which is for all that were published and still wait."""
    database = fill(url, _QUEUED).database
    ended = Job.status.in_(jobs.ENDED)
    with database.write() as session:
        columns = [column.key for column in Outbox.__table__.columns]
        rows = select(Job.id, literal(1), Job.created_at, Job.created_at).where(ended)
        session.execute(insert(Outbox).from_select(columns, rows))
        session.execute(update(Job).where(ended).values(status="queued"))
    waiting = len(outbox.published(database, before=time.time()))
    each = seconds(lambda: outbox.published(database, before=time.time()), 10)
    return Row(f"{name}: what {waiting} queued jobs are owed", milliseconds(each), "", 1 / each, "a second")
