"""Real servers of a benchmark's own, on ports and in folders of their own: PostgreSQL, Redis, and an API process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import redis

from benchmarks.service import Service, free_port
from cnnservice.settings import Settings
from cnnservice.supervision.stack import child_environment

_PATIENCE_SECONDS = 60.0
_NOT_YET = (psycopg.OperationalError, redis.ConnectionError, httpx.HTTPError)


@contextmanager
def postgresql(**options: str) -> Iterator[str]:
    """The URL of an empty database, on a server at its defaults but for these options: what it commits is synced."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    programs = found[-1] if found else Path(shutil.which("initdb") or "initdb").parent
    with tempfile.TemporaryDirectory(prefix="cnnservice-postgresql-") as name:
        home, port = Path(name), free_port()
        as_user: list[str] = []
        if os.getuid() == 0:  # the server refuses to run as root, and its files must be its own
            shutil.chown(home, "postgres", "postgres")
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        initdb = [str(programs / "initdb"), "-D", str(home / "data"), "-U", "cnnservice", "-A", "trust", "--no-sync"]
        subprocess.run([*as_user, *initdb], check=True, stdout=subprocess.DEVNULL, cwd=home)
        chosen = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": name, **options}
        settings = [part for key, value in chosen.items() for part in ("-c", f"{key}={value}")]
        command = [*as_user, str(programs / "postgres"), "-D", str(home / "data"), *settings]
        server = f"postgresql://cnnservice@127.0.0.1:{port}"
        # SIGINT is its fast shutdown: it does not wait for clients to leave.
        with running(command, home / "log", signal.SIGINT) as process:
            wait_for(process, lambda: psycopg.connect(f"{server}/postgres").close())
            with psycopg.connect(f"{server}/postgres", autocommit=True) as admin:
                admin.execute("CREATE DATABASE cnnservice")
            yield f"{server}/cnnservice"


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of an empty Redis that keeps an append-only file."""
    with tempfile.TemporaryDirectory(prefix="cnnservice-redis-") as folder:
        port = free_port()
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes", "--dir", folder]
        with running(["redis-server", *options], Path(folder) / "log") as process:
            wait_for(process, redis.Redis(port=port).ping)
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running_api(settings: Settings) -> Iterator[Service]:
    """One API process and no worker, on a database that has its schema, at a port of its own."""
    service = Service(free_port(), settings.data_path)
    placed = child_environment(settings.model_copy(update={"port": service.port}))
    with running([sys.executable, "-m", "api"], settings.data_path / "api.log", environment=placed) as process:
        wait_for(process, lambda: httpx.get(f"{service.url}/healthz").raise_for_status())
        yield service


@contextmanager
def running(
    command: Sequence[str],
    log: Path,
    end_with: signal.Signals = signal.SIGTERM,
    *,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A process, until the block ends."""
    with log.open("wb") as output:
        # In a session of its own, so that an interrupt is for the benchmark alone, which then ends it.
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        yield process
    finally:
        process.send_signal(end_with)
        process.wait()


def wait_for(process: subprocess.Popen[bytes], ask: Callable[[], Any]) -> None:
    """Return when a server just started answers."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            ask()
            return
        except _NOT_YET:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
        time.sleep(0.05)
