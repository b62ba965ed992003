"""One stack for the whole session: real broker, database, workers, and a network trained in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from live import Stack, start_stack, train


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The session's stack, on embedded defaults."""
    running = start_stack(tmp_path_factory.mktemp("stack") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[httpx.Client]:
    """A client of the session's stack."""
    with stack.client as client:
        yield client


@pytest.fixture(scope="session")
def notebook_job(client: httpx.Client) -> dict[str, Any]:
    """The notebook's job: every default, 30 epochs, seed 0."""
    return train(client, tags=["notebook"])
