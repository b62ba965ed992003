"""A real browser on the inspector: whatever it says on its console, or asks of anybody else, fails the test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from live import Stack, wait_for_end, wait_until
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


@pytest.fixture(scope="session")
def swept(client: httpx.Client) -> dict[str, Any]:
    """A sweep of four trials, of which two went on to a second epoch."""
    base = {"dataset": "mnist", "architecture": "mlp", "epochs": 2, "train_samples": 256, "test_samples": 64}
    rates = {"/compile/optimizer/learning_rate": {"values": [0.3, 0.1, 1e-6, 1e-7]}}
    spec = {"base": base, "parameters": rates, "halving": {"factor": 2}}
    place = client.post("/v1/sweeps", json=spec).headers["Location"]

    def ended() -> dict[str, Any] | None:
        sweep: dict[str, Any] = client.get(place).json()
        return sweep if sweep["status"] == "succeeded" else None

    return wait_until(ended, "the sweep to end")
