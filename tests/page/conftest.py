"""A real browser on the inspector: whatever it says on its console, or asks of anybody else, fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from live import PATIENCE_SECONDS, Stack

expect.set_options(timeout=PATIENCE_SECONDS * 1000)

Open = Callable[..., Page]


class Watcher:
    """Keeps what a page should not do."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.wrong: list[str] = []
        self.requests: list[str] = []

    def watch(self, page: Page) -> None:
        """From now on."""
        page.on("console", lambda message: self._said(message.type, message.text))
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("request", self._asked)

    def _said(self, kind: str, text: str) -> None:
        # That a request was answered with an error is said by the browser itself, and tested where it is meant.
        if kind in ("error", "warning") and "Failed to load resource" not in text:
            self.wrong.append(f"{kind}: {text}")

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)
        if not request.url.startswith((self._url, "data:", "blob:")):
            self.wrong.append(f"asked elsewhere: {request.url}")


@pytest.fixture
def watcher(stack: Stack) -> Iterator[Watcher]:
    """What the test's pages did wrong: nothing, at its end."""
    watcher = Watcher(stack.url)
    yield watcher
    assert watcher.wrong == []


@pytest.fixture
def browse(chromium: Browser, stack: Stack, watcher: Watcher) -> Iterator[Open]:
    """Opens the page at an address, in a window of its own."""
    contexts: list[BrowserContext] = []

    def open_page(address: str, url: str = stack.url, **options: Any) -> Page:
        context = chromium.new_context(base_url=url, **{"viewport": {"width": 1400, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        watcher.watch(page)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
