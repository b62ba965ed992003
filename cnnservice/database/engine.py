"""A connection to the database: SQLite in WAL mode or PostgreSQL, one way to read and one to write."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlalchemy.orm import Session

from cnnservice.database.sqlite import sqlite_engine
from cnnservice.database.viewer import Viewer

# What is raised when the database is locked, slow or gone: the same may succeed later.
OUTAGES = (OperationalError, InterfaceError, TimeoutError)
_VIEWER = "viewer"


def viewer_of(session: Session) -> Viewer:
    """Who looks at the database in this session."""
    viewer: Viewer = session.info[_VIEWER]
    return viewer


class Database:
    """Sessions on one engine. Rows read stay readable after their session has closed.

    Whatever the database does, a statement ends or raises one of OUTAGES after about timeout_seconds. viewer tells
    whose rows are to be seen: that of the service itself sees all.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 5.0) -> None:
        if make_url(url).get_backend_name() == "sqlite":
            self.engine = sqlite_engine(url, timeout_seconds)
        else:
            # 55 ms and 4 MB that a service on SQLite has no use for.
            from cnnservice.database.postgresql import postgresql_engine

            self.engine = postgresql_engine(url, timeout_seconds)
        self._writing = self.engine.execution_options(cnnservice_writes=True)
        self.viewer = Viewer()

    def seen_by(self, viewer: Viewer) -> Database:
        """The same database, on the same connections, as this viewer sees it."""
        seen = copy.copy(self)
        seen.viewer = viewer
        return seen

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that only reads."""
        with Session(self.engine, expire_on_commit=False, info={_VIEWER: self.viewer}) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that writes: committed whole at the end of the block, or not at all."""
        with (
            Session(self._writing, expire_on_commit=False, info={_VIEWER: self.viewer}) as session,
            session.begin(),
        ):
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()
