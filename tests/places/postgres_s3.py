"""PostgreSQL, a Redis server, and a bucket of S3."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg

from live import Stack, start_stack
from places.gate import Gate
from servers import PostgresServer, RedisServer, S3Server, folder_outside


class PostgresS3:
    """See Place."""

    def __init__(self, stack: Stack, postgres: PostgresServer, broker: RedisServer, gate: Gate) -> None:
        self.stack = stack
        self._postgres, self._broker, self._gate = postgres, broker, gate

    def kill_broker(self, *, empty: bool) -> None:
        """See Place."""
        self._broker.stop(signal.SIGKILL)
        if empty:
            self._broker.forget()
        self._broker.start()

    @contextmanager
    def database_is(self, harm: str) -> Iterator[None]:
        """See Place."""
        harms = {"locked": self._locked, "slow": self._frozen, "gone": self._gone}
        with harms[harm]():
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with psycopg.connect(self._postgres.url) as other:
            other.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
            yield
            other.rollback()

    @contextmanager
    def _frozen(self) -> Iterator[None]:
        """So slow that nothing is answered: connections stand, and are even accepted by the kernel."""
        self._postgres.freeze()
        try:
            yield
        finally:
            self._postgres.thaw()

    @contextmanager
    def _gone(self) -> Iterator[None]:
        self._postgres.stop()
        try:
            yield
        finally:
            self._postgres.start()

    @contextmanager
    def store_is_full(self) -> Iterator[None]:
        """See Place."""
        self._gate.full.set()
        try:
            yield
        finally:
            self._gate.full.clear()


@contextmanager
def postgres_s3(folder: Path, settings: Mapping[str, str]) -> Iterator[PostgresS3]:
    """All three servers are real; the bucket's quota is kept by a gate before it."""
    with ExitStack() as end:
        postgres = PostgresServer(end.enter_context(folder_outside("postgres")))
        broker = RedisServer(end.enter_context(folder_outside("redis")))
        bucket = S3Server(end.enter_context(folder_outside("s3")))
        for server in (postgres, broker, bucket):
            server.start()
            end.callback(server.stop)
        postgres.create()
        gate = end.enter_context(Gate(bucket.endpoint))
        stack = start_stack(
            folder / "data",
            {**bucket.environment, "AWS_ENDPOINT_URL": gate.endpoint},
            database_url=postgres.url,
            redis_url=broker.url,
            store_url=f"s3://{bucket.BUCKET}/below",
            **settings,
        )
        yield PostgresS3(stack, postgres, broker, gate)
