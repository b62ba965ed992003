"""A PostgreSQL database that may freeze or vanish at any time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url


def postgresql_engine(url: str, timeout_seconds: float) -> Engine:
    """An engine whose connecting, and every statement, ends after so long, whether the server answers or not."""
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=timeout_seconds)

    class _Connection(psycopg.Connection[Any]):
        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            # The server's own limits are of no use when it is the server that has stopped.
            try:
                return super().wait(gen, interval, timeout_seconds if timeout is None else timeout)
            except psycopg.OperationalError:
                if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                    self.pgconn.finish()  # an answer that comes now would be taken for another statement's
                raise

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: list[Any], options: dict[str, Any]) -> Any:
        connect: Callable[..., Any] = _Connection.connect
        # In whole seconds, of which libpq takes 2 at least.
        return connect(*arguments, **{"connect_timeout": max(2, round(timeout_seconds)), **options})

    return engine
