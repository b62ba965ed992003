"""A real browser, and pages of another origin for it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, sync_playwright

_PROGRAMS = ("/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome")
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    # What Debian's Chromium is started with makes it draw with a graphics card that is computed.
    "--disable-gpu-rasterization",
    "--disable-dev-shm-usage",
    # Nobody is to be asked for news.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_BLANK = b'<!doctype html><meta charset="utf-8"><title>page</title><link rel="icon" href="data:,">'


@contextmanager
def open_chromium() -> Iterator[Browser]:
    """The Chromium of this machine."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        yield browser
        browser.close()


class _BlankPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_BLANK)))
        self.end_headers()
        self.wfile.write(_BLANK)

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing."""


@contextmanager
def serve_blank_pages() -> Iterator[str]:
    """An origin of its own, every path of which is an empty page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _BlankPage) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
