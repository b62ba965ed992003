"""HEAD of what has no end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api.head import Head


def test_who_would_go_on_for_ever_is_told_that_the_client_is_gone() -> None:
    ended = []

    async def for_ever() -> AsyncIterator[bytes]:
        try:
            while True:
                await asyncio.Event().wait()
                yield b"never"
        finally:
            ended.append(True)

    async def stream(_: Request) -> StreamingResponse:
        return StreamingResponse(for_ever(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/", stream, methods=["GET"])])
    app.add_middleware(Head)
    answer = TestClient(app).head("/")
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (
        200,
        "text/event-stream; charset=utf-8",
        b"",
    )
    assert ended == [True]
