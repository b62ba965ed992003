"""One stack for the whole session: real broker, database, workers, and a network trained in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from live import Stack, train
from places import NAMES, open_place


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make test-faults` chooses."""
    parser.addoption("--place", choices=NAMES, default=NAMES[0], help="where the session's stack lives")
    parser.addoption("--full", action="store_true", help="fault tests at their full length, everywhere")


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether fault tests are to run at their full length."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The session's stack, with the settings it comes with."""
    with open_place(pytestconfig.getoption("--place"), tmp_path_factory.mktemp("stack")) as place:
        yield place.stack


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[httpx.Client]:
    """A client of the session's stack."""
    with stack.client as client:
        yield client


@pytest.fixture(scope="session")
def notebook_job(client: httpx.Client) -> dict[str, Any]:
    """The notebook's job: every default, 30 epochs, seed 0."""
    return train(client, tags=["notebook"])
