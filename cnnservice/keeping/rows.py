"""Rows as JSON, the same from SQLite and PostgreSQL."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import IO, Any

from sqlalchemy import JSON, Connection, MetaData, Table, insert, null, select

from cnnservice.database.engine import Database
from cnnservice.database.tables import Base

Row = dict[str, Any]
_AT_ONCE = 100
# What names the same file stands together; the other tables are in the order of their keys.
_ORDERED_BY = {"epochs": "path", "uploaded_datasets": "sha256"}


class Dump:
    """Every row of every table, as they were at one moment, on disk: there may be more than fit into memory."""

    def __init__(self, files: Mapping[str, IO[bytes]]) -> None:
        self._files = files

    @property
    def tables(self) -> list[str]:
        """Their names."""
        return list(self._files)

    def rows(self, table: str) -> Iterator[Row]:
        """Those of a table, from the first; one reader at a time."""
        self._files[table].seek(0)
        return map(json.loads, self._files[table])


@contextmanager
def dumped(database: Database) -> Iterator[Dump]:
    """A dump, while the block lasts, whatever is written meanwhile."""
    engine = database.engine
    if engine.dialect.name == "postgresql":
        # An SQLite transaction sees one moment as it is.
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with ExitStack() as opened:
        tables = Base.metadata.sorted_tables
        files = {table.name: opened.enter_context(tempfile.TemporaryFile()) for table in tables}
        with engine.connect() as connection, connection.begin():
            for table in tables:
                order = [table.columns[_ORDERED_BY[table.name]]] if table.name in _ORDERED_BY else table.primary_key
                found = connection.execute(select(table).order_by(*order), execution_options={"yield_per": _AT_ONCE})
                files[table.name].writelines(encode(dict(row) for row in found.mappings()))
        yield Dump(files)


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
