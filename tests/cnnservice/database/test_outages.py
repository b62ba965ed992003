"""A database that is locked, frozen or away raises one of OUTAGES, soon, and is used again when it is back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text

from cnnservice import job_queries, submission
from cnnservice.database.engine import OUTAGES, Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.tables import Job
from cnnservice.specs.job import JobSpec
from servers import PostgresServer, postgres_with_a_database

IDENTITY = "01990000-0000-7000-8000-000000000001"
SPEC = JobSpec(dataset="mnist", epochs=1)


def submit(database: Database) -> None:
    submission.submit(database, SPEC, job_id=IDENTITY, now=1.0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "jobs.db"


@pytest.fixture
def sqlite(file: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{file}", timeout_seconds=0.2)
    upgrade(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with postgres_with_a_database() as server:
        yield server


@pytest.fixture
def postgresql(server: PostgresServer) -> Iterator[Database]:
    migrating = Database(server.url)
    upgrade(migrating)
    migrating.close()
    database = Database(server.url, timeout_seconds=1)
    yield database
    with database.write() as session:
        session.execute(text("DELETE FROM jobs"))
    database.close()


def test_sqlite_that_another_writes_to_is_an_outage_for_writers_alone(sqlite: Database, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OUTAGES):
            submit(sqlite)
        assert job_queries.list_jobs(sqlite, limit=1) == []
    submit(sqlite)
    assert job_queries.get(sqlite, IDENTITY).status == "queued"


def test_an_sqlite_file_that_is_away_is_not_made_anew(sqlite: Database, file: Path) -> None:
    submit(sqlite)
    elsewhere = file.parent.rename(file.parent.with_name("elsewhere"))
    file.parent.mkdir()
    for ask in (lambda: job_queries.get(sqlite, IDENTITY), lambda: submit(sqlite)):
        with pytest.raises(OUTAGES):
            ask()
    assert list(file.parent.iterdir()) == []
    file.parent.rmdir()
    elsewhere.rename(file.parent)
    assert job_queries.get(sqlite, IDENTITY).status == "queued"


def test_connections_to_a_file_that_was_replaced_are_given_up(sqlite: Database, file: Path, tmp_path: Path) -> None:
    other = Database(f"sqlite:///{tmp_path / 'other.db'}")
    upgrade(other)
    submit(other)
    other.close()
    assert job_queries.list_jobs(sqlite, limit=1) == []
    for name in ("jobs.db-wal", "jobs.db-shm"):
        (file.parent / name).unlink(missing_ok=True)
    (tmp_path / "other.db").replace(file)
    assert job_queries.get(sqlite, IDENTITY).id == IDENTITY


def test_postgresql_that_is_frozen_is_an_outage_and_late_answers_are_not_taken_for_others(
    postgresql: Database, server: PostgresServer
) -> None:
    submit(postgresql)
    assert job_queries.get(postgresql, IDENTITY).status == "queued"
    server.freeze()
    try:
        for _ in range(3):
            with pytest.raises(OUTAGES):
                job_queries.get(postgresql, IDENTITY)
    finally:
        server.thaw()
    assert job_queries.get(postgresql, IDENTITY).id == IDENTITY


def test_a_statement_that_takes_too_long_is_an_outage(postgresql: Database) -> None:
    with postgresql.read() as session, pytest.raises(OUTAGES):
        session.execute(text("SELECT pg_sleep(60)"))
    with postgresql.read() as session:
        assert session.scalars(select(Job.id)).all() == []


def test_postgresql_that_was_started_again_is_used_again(postgresql: Database, server: PostgresServer) -> None:
    submit(postgresql)
    server.stop()
    with pytest.raises(OUTAGES):
        job_queries.get(postgresql, IDENTITY)
    server.start()
    assert job_queries.get(postgresql, IDENTITY).id == IDENTITY
