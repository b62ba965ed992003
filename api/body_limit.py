"""No request body is read beyond its limit, nor waited for without end.

Starlette's own limit answers in plain text and does not say what the limit is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnservice.errors import TimeoutExceededError, TooLargeError

# Boundaries and part headers around an upload.
_MULTIPART_OVERHEAD = 64 << 10
# Of clients that send or read, over a while; slower ones are let go.
SLOWEST_BYTES_PER_SECOND = 1024


class BodyTooLarge(TooLargeError, HTTPException):
    """The request's body is longer than what is read.

    Also an HTTPException, as any other that is raised while a body is read becomes a 400 of FastAPI's.
    """

    code = "body-too-large"

    def __init__(self, limit: int) -> None:
        detail = f"The request's body is longer than the {limit} bytes that are read."
        HTTPException.__init__(self, 413, detail)
        self.detail, self.errors = detail, ()


class BodyTooSlow(TimeoutExceededError, HTTPException):
    """The request's body does not come, or too slowly."""

    code = "too-slow"

    def __init__(self, seconds: float) -> None:
        detail = (
            f"The request's body did not come: {seconds:g} seconds are waited for the next part of it, and in all one "
            f"more for each {SLOWEST_BYTES_PER_SECOND} bytes."
        )
        HTTPException.__init__(self, 408, detail)
        self.detail, self.errors = detail, ()


class BodyLimit:
    """Counts the bytes of a body as they come, whatever Content-Length says, and the time that they take."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        json_bytes: int,
        upload_bytes: int,
        larger_uploads: Mapping[str, int],
        stall_seconds: float,
    ) -> None:
        self._app, self._json_bytes, self._upload_bytes = app, json_bytes, upload_bytes
        self._larger_uploads, self._stall_seconds = larger_uploads, stall_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        multipart = headers.get(b"content-type", b"").startswith(b"multipart/")
        upload_bytes = self._larger_uploads.get(scope["path"], self._upload_bytes)
        limit = upload_bytes + _MULTIPART_OVERHEAD if multipart else self._json_bytes
        declared = headers.get(b"content-length", b"")
        too_large = declared.isdigit() and int(declared) > limit
        seen, complete, begun = 0, False, 0.0

        async def counted() -> Message:
            nonlocal seen, complete, begun
            if too_large:
                # Nothing of it is read; one that says less than it sends is found out below.
                raise BodyTooLarge(limit)
            if complete:
                # What comes next is that the client is gone, whenever that is.
                return await receive()
            now = asyncio.get_running_loop().time()
            begun = begun or now
            in_all = begun + self._stall_seconds + seen / SLOWEST_BYTES_PER_SECOND - now
            try:
                async with asyncio.timeout(min(self._stall_seconds, in_all)):
                    message = await receive()
            except TimeoutError:
                raise BodyTooSlow(self._stall_seconds) from None
            complete = not message.get("more_body", False)
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge(limit)
            return message

        await self._app(scope, counted, send)
