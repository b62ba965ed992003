"""Rows as JSON, the same from SQLite and PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import JSON, Connection, MetaData, Table, insert, null, select

from cnnservice.database.engine import Database
from cnnservice.database.tables import Base, Job

Row = dict[str, Any]
Rows = dict[str, list[Row]]
_AT_ONCE = 500


def read_all(database: Database) -> Rows:
    """Every row of every table, as they are at one moment, however much is written meanwhile."""
    engine = database.engine
    if engine.dialect.name == "postgresql":
        # An SQLite transaction sees one moment as it is.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection, connection.begin():
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }


def leave_out_deleted(database: Database, rows: Rows) -> None:
    """Take away the jobs that have been deleted since, with all that belongs to them."""
    with database.read() as session:
        there = set(session.scalars(select(Job.id)))
    gone = {row["id"] for row in rows["jobs"]} - there
    if not gone:
        return
    owners = {"jobs": "id", "idempotency_keys": "job_id"}
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == "jobs":
                owners[table.name] = key.parent.name
    for name, column in owners.items():
        rows[name][:] = [row for row in rows[name] if row[column] not in gone]


def encode(rows: Iterable[Row]) -> Iterator[bytes]:
    """A line of JSON for each."""
    for row in rows:
        yield json.dumps(row, sort_keys=True).encode() + b"\n"


def tables_of(connection: Connection) -> list[Table]:
    """The tables there are, whatever the revision; those that others refer to come first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def insert_lines(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Insert rows that encode made. Returns how many they were."""
    count, batch = 0, []
    for line in lines:
        row = json.loads(line)
        # An explicit None would be stored as the JSON value null.
        empty = [column.name for column in table.columns if isinstance(column.type, JSON) and row[column.name] is None]
        batch.append({**row, **dict.fromkeys(empty, null())})
        count += 1
        if len(batch) == _AT_ONCE:
            _insert(connection, table, batch)
            batch = []
    _insert(connection, table, batch)
    return count


def _insert(connection: Connection, table: Table, batch: list[Row]) -> None:
    if batch:
        connection.execute(insert(table).values(batch))
