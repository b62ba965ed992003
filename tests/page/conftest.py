"""A real browser on the inspector: whatever it says on its console, or asks of anybody else, fails the test."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from live import Stack, wait_for_end
from page_tools import Open, Watcher, open_pages


@pytest.fixture
def watcher(stack: Stack) -> Iterator[Watcher]:
    """What the test's pages did wrong: nothing, at its end."""
    watcher = Watcher(stack.url)
    yield watcher
    assert watcher.wrong == []


@pytest.fixture
def browse(chromium: Browser, watcher: Watcher) -> Iterator[Open]:
    """Opens the page at an address, in a window of its own."""
    with open_pages(chromium, watcher) as browse:
        yield browse


@pytest.fixture(scope="session")
def other(client: httpx.Client) -> str:
    """A model of three epochs."""
    spec = {"dataset": "mnist", "epochs": 3, "train_samples": 500, "test_samples": 100, "seed": 7}
    return str(wait_for_end(client, client.post("/v1/jobs", json=spec).json()["id"])["id"])
