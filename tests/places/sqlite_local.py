"""The embedded defaults: SQLite, a Valkey of the stack's own, and a folder."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis

from live import Stack, start_stack, wait_until

# Room for the checkpoints of all tests.
_STORE_BYTES = 512 << 20
# Of what is left in a full store: less than a checkpoint, so that writing one breaks off in its middle.
_LEFT_BYTES = 16 << 10


class SqliteLocal:
    """See Place."""

    def __init__(self, stack: Stack, *, limited: bool) -> None:
        self.stack, self._limited = stack, limited
        self._database = stack.data_dir / "cnnservice.db"
        self._artifacts = stack.data_dir / "artifacts"

    def kill_broker(self, *, empty: bool) -> None:
        """See Place. The supervisor starts it again."""
        before = self._broker_process()
        if empty:
            shutil.rmtree(self.stack.data_dir / "valkey" / "appendonlydir")
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: self._broker_process() not in (None, before), "the broker to be back")

    def _broker_process(self) -> int | None:
        client = redis.Redis.from_url(self.stack.settings.resolved_redis_url)
        try:
            return int(client.info("server")["process_id"])  # type: ignore[index]
        except redis.RedisError:
            return None

    @contextmanager
    def database_is(self, harm: str) -> Iterator[None]:
        """See Place."""
        harms = {"locked": self._locked, "slow": self._slow, "gone": self._gone}
        with harms[harm]():
            yield

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with closing(self._other_writer()) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    @contextmanager
    def _slow(self) -> Iterator[None]:
        """Another holds the lock nearly all the time."""
        over = threading.Event()

        def hold_again_and_again() -> None:
            with closing(self._other_writer()) as other:
                while not over.is_set():
                    other.execute("BEGIN IMMEDIATE")
                    over.wait(3)
                    other.execute("ROLLBACK")
                    over.wait(0.05)

        thread = threading.Thread(target=hold_again_and_again)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _other_writer(self) -> sqlite3.Connection:
        return sqlite3.connect(self._database, timeout=60, isolation_level=None, check_same_thread=False)

    @contextmanager
    def _gone(self) -> Iterator[None]:
        """The file is elsewhere, as when its volume is not mounted."""
        elsewhere = self.stack.data_dir / "elsewhere"
        elsewhere.mkdir()
        files = [path for path in self.stack.data_dir.glob("cnnservice.db*") if path.is_file()]
        for path in files:
            path.rename(elsewhere / path.name)
        try:
            yield
        finally:
            assert not self._database.exists(), "an empty database was made in the place of the one that is away"
            for path in files:
                (elsewhere / path.name).rename(path)
            elsewhere.rmdir()

    @contextmanager
    def store_is_full(self) -> Iterator[None]:
        """See Place."""
        if not self._limited:
            pytest.skip("a file system that can be filled cannot be mounted here")
        ballast = self._artifacts / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
                    file.flush()
            except OSError:
                pass
        os.truncate(ballast, ballast.stat().st_size - _LEFT_BYTES)
        try:
            yield
        finally:
            ballast.unlink()


@contextmanager
def sqlite_local(folder: Path, settings: Mapping[str, str]) -> Iterator[SqliteLocal]:
    """On a store of limited size, where one can be mounted."""
    artifacts = folder / "data" / "artifacts"
    artifacts.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_STORE_BYTES}", "tmpfs", str(artifacts)]
    limited = shutil.which("mount") is not None and subprocess.run(mount, capture_output=True).returncode == 0
    try:
        yield SqliteLocal(start_stack(folder / "data", **settings), limited=limited)
    finally:
        if limited:
            subprocess.run(["umount", "--lazy", str(artifacts)], check=True)
