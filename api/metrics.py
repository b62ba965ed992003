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
        began, answered = time.perf_counter(), False

        def count(status: int) -> None:
            nonlocal answered
            answered = True
            route = route_of(scope)
            _REQUESTS.labels(scope["method"], route, status).inc()
            _SECONDS.labels(scope["method"], route).observe(time.perf_counter() - began)

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                count(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, observed)
        except Exception:
            # What nobody expected is answered with 500 outside of the middlewares.
            if not answered:
                count(500)
            raise


def route_of(scope: Scope) -> str:
    """The path of the route that a request came to, with names for its ids; `none` where there is none."""
    path: str = getattr(scope.get("route"), "path", "none")
    return path
