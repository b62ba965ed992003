"""Rate, errors and duration of requests, for Prometheus."""

from __future__ import annotations

import time

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REQUESTS = Counter("cnnservice_http_requests", "Requests answered", ["method", "route", "status"])
_SECONDS = Histogram("cnnservice_http_request_seconds", "Time until the answer began", ["method", "route"])


class Metrics:
    """Counts by route, not by path, so that ids do not make a series each."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                _REQUESTS.labels(scope["method"], route, message["status"]).inc()
                _SECONDS.labels(scope["method"], route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, observed)
