"""A connection that no client holds for nothing: uvicorn's own, with limits that uvicorn does not have.

uvicorn reads a head, the request line and its headers, of any length for any time, and waits for ever for a client to
read its answer. How long a body may take is for body_limit.py.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from api.body_limit import SLOWEST_BYTES_PER_SECOND
from cnnservice.settings import Settings

_MALFORMED = 400, "bad-request", "Bad Request", "This is no HTTP request that can be read."


class Connection(HttpToolsProtocol):
    """One client's."""

    def __init__(self, *, settings: Settings, **uvicorns: Any) -> None:
        super().__init__(**uvicorns)
        self._settings = settings
        self._head_bytes = 0
        self._head_begun = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """asyncio's. Beyond the limit a connection is told so and closed: files would run out, for all that is open."""
        super().connection_made(transport)
        if len(self.connections) > self._settings.max_connections:
            detail = f"There are {self._settings.max_connections} connections already; try again."
            self._refuse(503, "too-many-connections", "Temporarily unavailable", detail)
        else:
            self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio's."""
        self._stop_awaiting_head()
        self._stop_stall_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """asyncio's."""
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()
        if self._head_timer is not None:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._head_begun and self._head_bytes > self._settings.max_head_bytes and not self.transport.is_closing():
            detail = f"The request's first line and headers are longer than {self._settings.max_head_bytes} bytes."
            self._refuse(431, "head-too-large", "Request Header Fields Too Large", detail)

    def on_message_begin(self) -> None:
        """httptools': the first byte of a request."""
        self._head_begun = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """httptools'."""
        self._head_begun = False
        self._stop_awaiting_head()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """asyncio's: more has been written than the client reads."""
        super().pause_writing()
        self._watch_reader(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """asyncio's."""
        self._stop_stall_timer()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's words
        """uvicorn's, as a problem document."""
        self._refuse(*_MALFORMED)

    def _await_head(self) -> None:
        self._head_bytes = 0
        self._head_timer = self.loop.call_later(self._settings.stall_seconds, self._head_is_late)

    def _stop_awaiting_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        if self._head_begun:
            detail = f"The request's headers did not come within {self._settings.stall_seconds:g} seconds."
            self._refuse(408, "too-slow", "Request Timeout", detail)
        # Who has said nothing expects no answer: browsers connect before they know of a request.
        elif not self.transport.is_closing():
            self.transport.close()

    def _watch_reader(self, unread: int) -> None:
        def look() -> None:
            now = self.transport.get_write_buffer_size()
            if unread - now < SLOWEST_BYTES_PER_SECOND * self._settings.stall_seconds:
                self.transport.abort()
            else:
                self._watch_reader(now)

        self._stop_stall_timer()
        self._stall_timer = self.loop.call_later(self._settings.stall_seconds, look)

    def _stop_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _refuse(self, status: int, code: str, title: str, detail: str) -> None:
        """Answer without the application, and close. There is no path that the problem could be an instance of."""
        problem = {"type": f"/problems/{code}", "title": title, "status": status, "detail": detail, "instance": "/"}
        content = json.dumps(problem).encode()
        head = [
            f"HTTP/1.1 {status} {title}",
            "content-type: application/problem+json",
            f"content-length: {len(content)}",
            "connection: close",
            *(["retry-after: 5"] if status == 503 else []),
        ]
        self._stop_awaiting_head()
        self.transport.write("\r\n".join([*head, "", ""]).encode() + content)
        self.transport.close()
