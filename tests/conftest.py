"""One stack for the whole session: real broker, database, workers, and networks trained in it."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import settings
from playwright.sync_api import Browser

from browser import open_chromium, serve_blank_pages
from contract import CheckedClient
from live import Stack, wait_for_end
from places import NAMES, open_place
from witness import DELICATE, post

# What takes long to train, by the fixture that waits for it.
LONG: dict[str, dict[str, Any]] = {"notebook_job": {"dataset": "mnist", "tags": ["notebook"]}, "undisturbed": DELICATE}


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make test-faults` chooses."""
    parser.addoption("--place", choices=NAMES, default=NAMES[0], help="where the session's stack lives")
    parser.addoption("--rewrite-pictures", action="store_true", help="take the pictures of docs/frontend.md anew")
    parser.addoption(
        "--full", action="store_true", help="many examples of each kind, faults at full length, everywhere"
    )
    parser.addoption("--hostile-seed", type=int, default=1, help="which examples of hostile input")


def pytest_configure(config: pytest.Config) -> None:
    """What hypothesis tries where a test does not say how much: its own number in the full suite, a quarter else."""
    settings.register_profile("short", max_examples=25)
    settings.load_profile("default" if config.getoption("--full") else "short")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What is marked so is for the full suite alone."""
    if not config.getoption("--full"):
        kept = [item for item in items if not item.get_closest_marker("full")]
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("full")])
        items[:] = kept


def pytest_collection_finish() -> None:
    """What has been imported stays: Keras' collection of garbage before each training need not look through it."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def full(pytestconfig: pytest.Config) -> bool:
    """Whether tests are to run at their full length."""
    return bool(pytestconfig.getoption("--full"))


@pytest.fixture(scope="session")
def hostile_seed(pytestconfig: pytest.Config) -> int:
    """What decides which examples are tried."""
    return int(pytestconfig.getoption("--hostile-seed"))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A Chromium; make a context of your own in it.

    Not for longer than a module: while it lives, this thread has a running loop, and asyncio.run would refuse.
    """
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def other_origin() -> Iterator[str]:
    """An origin whose pages may read what the shared stack answers; its every path is a blank page."""
    with serve_blank_pages() as origin:
        yield origin


@pytest.fixture(scope="session")
def unharmed(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, other_origin: str
) -> Iterator[Stack]:
    """The stack that all tests share, but for CORS with the settings it comes with; no fault is done to it."""
    folder = tmp_path_factory.mktemp("stack")
    with open_place(pytestconfig.getoption("--place"), folder, cors_origins=other_origin) as place:
        yield place.stack


@pytest.fixture(scope="session")
def begun(request: pytest.FixtureRequest, unharmed: Stack) -> dict[str, str]:
    """The jobs of LONG that this run wants. They are the first, and train while tests run that train nothing."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    with unharmed.client as client:
        return {name: post(client, spec) for name, spec in LONG.items() if name in wanted}


@pytest.fixture(scope="session")
def stack(unharmed: Stack, begun: dict[str, str]) -> Stack:
    """The stack that all tests share."""
    return unharmed


@pytest.fixture(scope="session")
def client(stack: Stack) -> Iterator[httpx.Client]:
    """A client of the session's stack, to which no problem comes that the OpenAPI document does not tell of."""
    with CheckedClient(stack.url) as client:
        yield client


@pytest.fixture(scope="session")
def notebook_job(client: httpx.Client, begun: dict[str, str]) -> dict[str, Any]:
    """The notebook's job: every default, 30 epochs, seed 0."""
    return wait_for_end(client, begun["notebook_job"])
