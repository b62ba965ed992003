"""A name for each request, by which its answer, its log lines and what workers do for it are found together."""

from __future__ import annotations

import re

from opentelemetry import trace
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from api.public import public_query
from cnnservice.telemetry.context import bind

_HEADER = "X-Request-Id"
# It goes into logs as it is.
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}")


class RequestIds:
    """The client's own X-Request-Id where it is a sane one, else a new one; told in the answer's header."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        said = Headers(scope=scope).get(_HEADER, "")
        request_id = said if _SANE.fullmatch(said) else str(uuid7())
        # For good: the server has a task for each request, and logs in it what this application raises.
        bind(request_id=request_id)
        # FastAPI's own, of this request.
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attributes({"request_id": request_id, "url.query": public_query(scope)})

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[_HEADER] = request_id
            await send(message)

        await self._app(scope, receive, named)
