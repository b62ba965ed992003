"""A log line for each request, when its answer has been sent."""

from __future__ import annotations

import logging
import time
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.keyring import key_in
from api.metrics import route_of
from api.public import public_query

_log = logging.getLogger(__name__)


class AccessLog:
    """Logs no header, and nothing that opens anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            told = {
                "method": scope["method"],
                "route": route_of(scope),
                "path": _path(scope),
                "status": status,
                "ms": round((time.perf_counter() - began) * 1000, 1),
            }
            if (key := key_in(scope)) is not None:
                told["key"] = key.id
            _log.info("%(method)s %(path)s %(status)s %(ms)s ms", told, extra=told)


def _path(scope: Scope) -> str:
    path, query = quote(scope["path"]), public_query(scope)
    return f"{path}?{query}" if query else path
