"""A connection to the database: SQLite in WAL mode or PostgreSQL, one way to read and one to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import Session

from cnnservice.database.sqlite import sqlite_engine

# What is raised when the database is locked, slow or gone: the same may succeed later.
OUTAGES = (OperationalError, InterfaceError, TimeoutError)


class Database:
    """Sessions on one engine. Rows read stay readable after their session has closed.

    Whatever the database does, a statement ends or raises one of OUTAGES after about timeout_seconds.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        if make_url(url).get_backend_name() == "sqlite":
            self.engine = sqlite_engine(url, timeout_seconds)
        else:
            # 55 ms and 4 MB that a service on SQLite has no use for.
            from cnnservice.database.postgresql import postgresql_engine

            self.engine = postgresql_engine(url, timeout_seconds)
        self._writing = self.engine.execution_options(cnnservice_writes=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes: committed whole at the end of the block, or not at all."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()
