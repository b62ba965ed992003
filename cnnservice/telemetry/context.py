"""What is being worked on, as every log line of it says: the request, the job, the computation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_Fields = Mapping[str, str | int]
_bound: ContextVar[_Fields | None] = ContextVar("cnnservice_telemetry_fields", default=None)


def fields() -> _Fields:
    """By name, as they are bound here."""
    return _bound.get() or {}


def bind(**more: str | int) -> None:
    """Bind until this task or thread ends."""
    _bound.set({**fields(), **more})


@contextmanager
def bound(**more: str | int) -> Iterator[None]:
    """Bind until the block ends. A thread that is begun in it inherits nothing: run it in contextvars.copy_context."""
    before = _bound.set({**fields(), **more})
    try:
        yield
    finally:
        _bound.reset(before)
