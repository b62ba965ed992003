"""From every schema that there has been, with data in all its tables, to the newest: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from obstore.store import LocalStore
from sqlalchemy import Connection, text

from cnnservice import job_queries, jobs, models
from cnnservice.database.engine import Database
from cnnservice.database.migrate import current, revisions, upgrade
from cnnservice.database.tables import Base
from cnnservice.keeping.deletion import remove_rows
from cnnservice.keeping.rows import encode, insert_lines, tables_of
from filled import CHILD, DATASET, ENDED, FAILED, NOW, RUNNING, TRIAL, WAITING, Filled, fill
from servers import PostgresServer, postgres_with_a_database

# What a column that came later has for rows of before; where it is not here, NULL.
FILLED_IN: dict[str, Any] = {
    "start_epoch": 0,
    "progress_attempt": 0,
    "kept": True,
    "priority": 0,
    "queue": "train",
    "running_seconds": 0.0,
}


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Filled:
    """What today's code writes into today's tables, and into a store."""
    folder = tmp_path_factory.mktemp("today")
    database = Database(f"sqlite:///{folder / 'jobs.db'}")
    upgrade(database)
    filled = Filled(database, LocalStore(folder / "store", mkdir=True), folder)
    fill(filled)
    assert all(filled.rows().values()), "there is data in every table"
    return filled


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with postgres_with_a_database() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty one."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'jobs.db'}")
    else:
        database = Database(request.getfixturevalue("postgres").url)
        with database.engine.connect() as connection, connection.begin():
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    yield database
    database.close()


def as_then(connection: Connection, rows: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Of today's rows, what the tables of this database have columns for: put there, and returned."""
    then = {}
    for table in tables_of(connection):
        names = {column.name for column in table.columns}
        # An epoch whose weights were dropped could not be told from one that has them.
        there = [row for row in rows[table.name] if row.get("kept", True) or "kept" in names]
        then[table.name] = [{name: value for name, value in row.items() if name in names} for row in there]
        insert_lines(connection, table, encode(then[table.name]))
    return then


@pytest.mark.parametrize("revision", revisions())
def test_what_was_there_is_there_and_can_be_read(today: Filled, database: Database, revision: str) -> None:
    upgrade(database, revision)
    with database.engine.connect() as connection, connection.begin():
        then = as_then(connection, today.rows())
    upgrade(database)
    assert current(database) == revisions()[-1]
    upgraded = Filled(database, today.store, today.folder)
    found = upgraded.rows()
    for table, rows in found.items():
        expected = [
            {name: row[name] if name in row else FILLED_IN.get(name) for name in found_row}
            for row, found_row in zip(then.get(table, []), rows, strict=True)
        ]
        assert rows == expected, table
    assert [job.id for job in job_queries.list_jobs(database, limit=10)] == [
        TRIAL,
        FAILED,
        WAITING,
        RUNNING,
        CHILD,
        ENDED,
    ]
    snapshot = models.open_snapshot(database, ENDED, 3)
    ((name, kernel), _) = models.layer_weights(upgraded.checkpoints, snapshot, "dense")
    assert (name, kernel.shape) == ("kernel", (784, 10))
    if found["uploaded_datasets"]:
        arrays = upgraded.catalogue.open(upgraded.catalogue.get(DATASET))
        assert arrays.images("test").shape == (12, 8, 8, 1)
    (requeued,) = jobs.recover_expired(database, now=NOW + 60, attempt_limit=5)
    assert (requeued.id, requeued.status) == (RUNNING, "queued")
    jobs.cancel(database, WAITING, now=NOW)
    remove_rows(database, FAILED)


def test_the_migrations_make_what_the_models_say(database: Database) -> None:
    upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
