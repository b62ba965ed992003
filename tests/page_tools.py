"""The inspector in a real browser, and what tests ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from live import PATIENCE_SECONDS

expect.set_options(timeout=PATIENCE_SECONDS * 1000)

Open = Callable[..., Page]


class Watcher:
    """Keeps what a page should not do."""

    def __init__(self, url: str) -> None:
        self.url = url
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
        if not request.url.startswith((self.url, "data:", "blob:")):
            self.wrong.append(f"asked elsewhere: {request.url}")


@contextmanager
def open_pages(browser: Browser, watcher: Watcher) -> Iterator[Open]:
    """A function that opens the page at an address, in a window of its own."""
    contexts: list[BrowserContext] = []

    def open_page(address: str, **options: Any) -> Page:
        context = browser.new_context(base_url=watcher.url, **{"viewport": {"width": 1400, "height": 900}, **options})
        context.set_default_timeout(PATIENCE_SECONDS * 1000)
        contexts.append(context)
        page = context.new_page()
        watcher.watch(page)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()


def quiet(page: Page) -> None:
    """Wait until every picture asked for is shown."""
    page.wait_for_function(
        """() => {
          const frames = [...document.querySelectorAll('.frame')].filter(frame => frame.checkVisibility());
          return frames.length > 0 && frames.every(frame => !frame.matches('[aria-busy], .skeleton'));
        }"""
    )


def shown(page: Page) -> list[str]:
    """The address of every picture that is seen."""
    paths: list[str] = page.evaluate(
        "() => [...document.querySelectorAll('.frame[data-path]')]"
        ".filter(frame => frame.checkVisibility()).map(frame => frame.dataset.path)"
    )
    return paths
