"""The pages that animations are, in a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

Open = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page from file://. Afterwards: nothing else was asked for, no error was logged or thrown."""
    requests: list[str] = []
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_(html: bytes, *, motion: Literal["reduce", "no-preference"] = "reduce", **options: Any) -> Page:
        file = tmp_path / f"{len(contexts)}.html"
        file.write_bytes(html)
        contexts.append(chromium.new_context(reduced_motion=motion, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(10_000)
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(file.as_uri())
        # The frames are unpacked before the first is shown.
        expect(page.locator("#caption")).not_to_be_empty()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [
        (tmp_path / f"{number}.html").as_uri() for number in range(len(contexts))
    ]
