"""A body that is said to be too large is refused before any of it is read, and one that lies while it is."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.body_limit import BodyLimit, BodyTooLarge

LIMIT = 1000


def read(declared: str | None, parts: list[bytes]) -> tuple[bytes, int]:
    """What an application behind the limit reads of a body, and how many parts of it were taken from the client."""
    taken, found = 0, b""

    async def client() -> Message:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": parts[taken - 1], "more_body": taken < len(parts)}

    async def application(_scope: Scope, receive: Receive, _send: Send) -> None:
        nonlocal found
        more = True
        while more:
            message = await receive()
            found += message["body"]
            more = message["more_body"]

    async def answer(_message: Message) -> None:
        raise AssertionError

    headers = [] if declared is None else [(b"content-length", declared.encode())]
    scope: Scope = {"type": "http", "path": "/v1/jobs", "headers": headers}
    limited = BodyLimit(application, json_bytes=LIMIT, upload_bytes=1, larger_uploads={}, stall_seconds=5)
    try:
        asyncio.run(limited(scope, client, answer))
    except BodyTooLarge:
        return b"refused", taken
    return found, taken


@pytest.mark.parametrize(
    ("declared", "sizes", "expected"),
    [
        (str(LIMIT), [LIMIT], (bytes(LIMIT), 1)),
        (str(LIMIT + 1), [LIMIT + 1], (b"refused", 0)),
        ("9" * 30, [1], (b"refused", 0)),
        # Without a length, or with a lie, it is counted as it comes.
        (None, [LIMIT, 1, 1], (b"refused", 2)),
        ("1", [LIMIT - 1, 1, 1], (b"refused", 3)),
    ],
)
def test_what_is_too_large_is_refused_as_soon_as_it_is_known(
    declared: str | None, sizes: list[int], expected: tuple[bytes, int]
) -> None:
    assert read(declared, [bytes(size) for size in sizes]) == expected
