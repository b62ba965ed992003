"""HTTP by hand: bytes that no client library would send, when none would send them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# It only bounds how long a service that says nothing is waited for.
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """What came until the connection was closed, or the answer was whole."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """A problem document."""
        assert self.headers["content-type"] == "application/problem+json", self
        document: dict[str, Any] = json.loads(self.content)
        assert document["status"] == self.status
        return document


@contextmanager
def connection(url: str, *, receive_buffer: int | None = None) -> Iterator[socket.socket]:
    """To a server; of a small buffer it soon notices that nobody reads."""
    parts = urlsplit(url)
    with socket.socket() as client:
        client.settimeout(PATIENCE_SECONDS)
        if receive_buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.connect((parts.hostname, parts.port))
        yield client


def ask(url: str, request: bytes) -> Answer | None:
    """The answer to these bytes; None where the connection is closed without one."""
    with connection(url) as client:
        # It may be refused before it was read to the end.
        with suppress(ConnectionError):
            client.sendall(request)
        return answer(client)


def answer(client: socket.socket) -> Answer | None:
    """What a server says, once it has closed or said all that it announced."""
    said = b""
    while not _is_whole(said):
        try:
            more = client.recv(1 << 16)
        except ConnectionError:
            break
        if not more:
            break
        said = (said + more).removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not said:
        return None
    head, _, content = said.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Answer(int(first.split()[1]), headers, content)


def _is_whole(said: bytes) -> bool:
    head, end, content = said.partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if end and line.startswith(b"content-length:"):
            return len(content) >= int(line.partition(b":")[2])
    return False
