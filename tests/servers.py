"""Real servers of other makes, started on ports and folders of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from live import PATIENCE_SECONDS, free_port, wait_until


@contextmanager
def redis_server() -> Iterator[str]:
    """The URL of a redis-server."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on this machine")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with _running(command) as process:
        client = redis.Redis(port=port)

        def answers() -> bool:
            assert process.poll() is None, "redis-server died"
            try:
                return bool(client.ping())
            except redis.ConnectionError:
                return False

        wait_until(answers, "redis-server")
        yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of an empty database of a PostgreSQL server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    folder = found[-1] if found else Path(shutil.which("initdb") or "/nowhere/initdb").parent
    if not (folder / "initdb").exists():
        pytest.skip("no PostgreSQL on this machine")
    # The server refuses to run as root, and its files must be its own.
    home = Path(tempfile.mkdtemp(prefix="cnnservice-postgres-"))
    as_user = []
    if os.getuid() == 0:
        shutil.chown(home, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    port, data = free_port(), home / "data"
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": home}
    initdb = [str(folder / "initdb"), "-D", str(data), "-U", "cnnservice", "-A", "trust", "--no-sync"]
    subprocess.run([*as_user, *initdb], **quiet)  # type: ignore[call-overload]
    options = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": str(home), "fsync": "off"}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    try:
        with _running([*as_user, str(folder / "postgres"), "-D", str(data), *settings], cwd=home) as process:

            def answers() -> bool:
                assert process.poll() is None, "postgres died"
                try:
                    with psycopg.connect(
                        f"postgresql://cnnservice@127.0.0.1:{port}/postgres", autocommit=True
                    ) as admin:
                        admin.execute("CREATE DATABASE cnnservice")
                    return True
                except psycopg.OperationalError:
                    return False

            wait_until(answers, "PostgreSQL")
            yield f"postgresql://cnnservice@127.0.0.1:{port}/cnnservice"
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def _running(command: list[str], cwd: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        process.send_signal(2)
        process.wait(PATIENCE_SECONDS)
