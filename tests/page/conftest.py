"""A real browser on the inspector: whatever it says on its console, or asks of anybody else, fails the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from live import Stack
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
