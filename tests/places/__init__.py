"""Where the service may live, and the harm that can be done to each place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from live import Stack


class Place(Protocol):
    """A running stack, with power over what it stands on."""

    stack: Stack

    def kill_broker(self, *, empty: bool) -> None:
        """SIGKILL the broker and have it come back, with all it had or with nothing."""

    def database_is(self, harm: str) -> AbstractContextManager[None]:
        """The database is `locked`, `slow` or `gone` until the block ends."""

    def store_is_full(self) -> AbstractContextManager[None]:
        """The store takes no checkpoint more, and breaks off in the middle of one, until the block ends."""


NAMES = ("sqlite-local", "postgresql-s3")


@contextmanager
def open_place(name: str, folder: Path, **settings: str) -> Iterator[Place]:
    """The place of that name, with a stack on it that is ready."""
    from places.postgres_s3 import postgres_s3
    from places.sqlite_local import sqlite_local

    places: dict[str, Callable[..., AbstractContextManager[Place]]] = {
        "sqlite-local": sqlite_local,
        "postgresql-s3": postgres_s3,
    }
    with places[name](folder, settings) as place:
        yield place
        assert place.stack.stop() == 0
