"""No request body is read beyond its limit.

Starlette's own limit answers in plain text and does not say what the limit is.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cnnservice.errors import TooLargeError

# Boundaries and part headers around an upload.
_MULTIPART_OVERHEAD = 64 << 10


class BodyTooLarge(TooLargeError, HTTPException):
    """The request's body is longer than what is read.

    Also an HTTPException, as any other that is raised while a body is read becomes a 400 of FastAPI's.
    """

    code = "body-too-large"

    def __init__(self, limit: int) -> None:
        detail = f"The request's body is longer than the {limit} bytes that are read."
        HTTPException.__init__(self, 413, detail)
        self.detail, self.errors = detail, ()


class BodyLimit:
    """Counts the bytes of a body as they come, whatever Content-Length says."""

    def __init__(self, app: ASGIApp, *, json_bytes: int, upload_bytes: int, larger_uploads: Mapping[str, int]) -> None:
        self._app, self._json_bytes, self._upload_bytes = app, json_bytes, upload_bytes
        self._larger_uploads = larger_uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        multipart = headers.get(b"content-type", b"").startswith(b"multipart/")
        upload_bytes = self._larger_uploads.get(scope["path"], self._upload_bytes)
        limit = upload_bytes + _MULTIPART_OVERHEAD if multipart else self._json_bytes
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                raise BodyTooLarge(limit)
            return message

        await self._app(scope, counted, send)
