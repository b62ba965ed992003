"""Real servers of other makes, started on ports and folders of their own, and harmed at will."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import psycopg
import pytest
import redis

from live import PATIENCE_SECONDS, free_port, wait_until


class Server:
    """A process in a session of its own, which may be stopped, frozen, killed and started again."""

    def __init__(self, command: Sequence[str], cwd: Path) -> None:
        self._command, self._cwd = command, cwd
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            self._command, cwd=self._cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    def assert_alive(self) -> None:
        """It must not have ended by itself."""
        assert self._process is not None
        assert self._process.poll() is None, f"{self._command[0]} died"

    def send(self, number: int) -> None:
        """Send a signal to it and to all that it has started."""
        assert self._process is not None
        pid = self._process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, number)

    def freeze(self) -> None:
        """It answers nothing more, and is still there."""
        self.send(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on."""
        self.send(signal.SIGCONT)

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End it, and wait for its end."""
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(PATIENCE_SECONDS)


class RedisServer(Server):
    """A redis-server that keeps what it has in an append-only file."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("redis-server")
        if program is None:
            pytest.skip("no redis-server on this machine")
        self.port, self.folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}/0"
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]
        super().__init__([program, *options, "--dir", str(folder)], folder)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        super().start()
        client = redis.Redis(port=self.port)

        def answers() -> bool:
            self.assert_alive()
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        wait_until(answers, "redis-server")

    def forget(self) -> None:
        """Remove what it keeps; it does not notice before it is started again."""
        shutil.rmtree(self.folder / "appendonlydir", ignore_errors=True)


class PostgresServer(Server):
    """A PostgreSQL server with one database."""

    def __init__(self, home: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        folder = found[-1] if found else Path(shutil.which("initdb") or "/nowhere/initdb").parent
        if not (folder / "initdb").exists():
            pytest.skip("no PostgreSQL on this machine")
        # The server refuses to run as root, and its files must be its own.
        as_user = []
        if os.getuid() == 0:
            shutil.chown(home, "postgres", "postgres")
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        self.port, data = free_port(), home / "data"
        self.url = f"postgresql://cnnservice@127.0.0.1:{self.port}/cnnservice"
        initdb = [str(folder / "initdb"), "-D", str(data), "-U", "cnnservice", "-A", "trust", "--no-sync"]
        subprocess.run([*as_user, *initdb], check=True, stdout=subprocess.DEVNULL, cwd=home)
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(home),
            "fsync": "off",
        }
        settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        super().__init__([*as_user, str(folder / "postgres"), "-D", str(data), *settings], home)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        super().start()

        def answers() -> bool:
            self.assert_alive()
            try:
                psycopg.connect(f"postgresql://cnnservice@127.0.0.1:{self.port}/postgres").close()
                return True
            except psycopg.OperationalError:
                return False

        wait_until(answers, "PostgreSQL")

    def create(self) -> None:
        """Make the database."""
        with psycopg.connect(f"postgresql://cnnservice@127.0.0.1:{self.port}/postgres", autocommit=True) as admin:
            admin.execute("CREATE DATABASE cnnservice")

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it. SIGINT is its fast shutdown: it does not wait for clients to leave."""
        super().stop(number)


@contextmanager
def postgres_with_a_database() -> Iterator[PostgresServer]:
    """A running PostgreSQL with an empty database, until the block ends."""
    with folder_outside("postgres") as folder:
        server = PostgresServer(folder)
        server.start()
        server.create()
        yield server
        server.stop()


class S3Server(Server):
    """A server that speaks S3, with one bucket."""

    BUCKET = "artifacts"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        super().__init__([sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)], folder)

    @property
    def environment(self) -> dict[str, str]:
        """What its clients need to know."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def start(self) -> None:
        """Start it, and wait until it has its bucket."""
        super().start()

        def answers() -> bool:
            self.assert_alive()
            try:
                urlopen(Request(f"{self.endpoint}/{self.BUCKET}", method="PUT"), timeout=5).close()
                return True
            except OSError:
                return False

        wait_until(answers, "the S3 server")


@contextmanager
def folder_outside(prefix: str) -> Iterator[Path]:
    """A folder that a server of another user can reach, which those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix=f"cnnservice-{prefix}-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
