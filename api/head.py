"""HEAD is GET without the content."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Head:
    """Answers HEAD wherever GET is answered, with its status and headers. OpenAPI and the routes know of GET alone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def headers_alone(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                # With its end told, the server says to who would go on (a download, an event stream) that the client
                # is gone.
                await send({"type": "http.response.body"})

        # A copy: the server looks into its own for what it must not send.
        inner = {**scope, "method": "GET"}
        try:
            await self._app(inner, receive, headers_alone)
        finally:
            # For the access log, which looks from outside: what has been found out, as the route and whose key it is.
            scope.update({name: value for name, value in inner.items() if name not in scope})
