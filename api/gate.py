"""Who comes in: before the body of a request is read, it is known whose it is and whether he may ask for that.

Whose things are there to be seen is no matter of the gate: the database itself shows each owner his own.
"""

from __future__ import annotations

import logging
import re
import time

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.keyring import put_key
from api.rates import Rates
from api.services import Services
from api.sessions import COOKIE
from api.tickets import STREAM
from cnnservice import audit
from cnnservice.database.engine import OUTAGES
from cnnservice.errors import DomainError, ForbiddenError
from cnnservice.keys import BadKey, Key
from cnnservice.keys import Scope as KeyScope

_log = logging.getLogger(__name__)
# All else is the same for everybody: the page, which asks for a key by itself, the document, and whether it lives.
_NUMBERS = "/metrics"
_CLOSED = re.compile(rf"/v1/.*|{_NUMBERS}")
_CHANGED_BY_TRAINING = re.compile(r"/v1/(?:jobs|datasets|sweeps)(?:/.*)?")
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class NotGranted(ForbiddenError):
    """The key is good, but not for this."""

    code = "not-granted"
    title = "Not allowed with this key"

    def __init__(self, key: Key, needed: KeyScope) -> None:
        super().__init__(f"This needs a key of scope {needed!r}; yours has {key.scope!r}.")


def needed_scope(method: str, path: str) -> KeyScope | None:
    """What a key must be good for; None where none is needed."""
    if not _CLOSED.fullmatch(path):
        return None
    return "train" if method not in _READING and _CHANGED_BY_TRAINING.fullmatch(path) else "read"


class Gate:
    """Lets requests in by their key, their ticket (of a stream) or their session (which reads alone)."""

    def __init__(self, app: ASGIApp, services: Services) -> None:
        settings = services.settings
        self._app, self._services = app, services
        self._rates = Rates(settings.requests_per_second, settings.requests_burst, time.monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        needed = needed_scope(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if needed is None or scope["method"] == "OPTIONS":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        try:
            key = await self._let_in(request, needed) if await self._services.keyring.is_on() else None
        except DomainError as error:
            await problems.answer(request, error)(scope, receive, send)
            return
        except OUTAGES as error:
            # Numbers are wanted in an outage above all, and are nobody's own.
            if scope["path"] != _NUMBERS or self._services.keyring.seen_on:
                await problems.answer_outage(request, error)(scope, receive, send)
                return
            key = None
        if key is not None:
            put_key(scope, key)
        if key is not None and needed == "train":
            await self._recorded(key, request, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _let_in(self, request: Request, needed: KeyScope) -> Key:
        """Raises BadKey and what tickets and sessions raise, NotGranted, TooManyRequests, OUTAGES."""
        try:
            key = await self._key_of(request, needed)
        except DomainError:
            # Who tries keys is slowed down.
            self._rates.take(f"address {_address(request)}")
            raise
        self._rates.take(f"key {key.id}")
        if not key.grants(needed):
            await self._record(key, request, 403)
            raise NotGranted(key, needed)
        return key

    async def _key_of(self, request: Request, needed: KeyScope) -> Key:
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme:
            if scheme.lower() != "bearer":
                raise BadKey("Authorization is not of the scheme Bearer. Send Authorization: Bearer <key>.")
            return await self._services.keyring.of_text(text.strip())
        ticket, session = request.query_params.get("ticket"), request.cookies.get(COOKIE)
        key_id = None
        if ticket is not None and STREAM.fullmatch(request.url.path):
            key_id = await self._services.tickets.check(ticket, request.url.path)
        elif session is not None and needed == "read":
            key_id = await self._services.sessions.key_id(session)
        if key_id is None:
            raise BadKey("A key is needed here. Send Authorization: Bearer <key>.")
        return await self._services.keyring.of_id(key_id)

    async def _recorded(self, key: Key, request: Request, receive: Receive, send: Send) -> None:
        status = 500

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(request.scope, receive, seen)
        finally:
            await self._record(key, request, status)

    async def _record(self, key: Key, request: Request, status: int) -> None:
        action, address = f"{request.method} {request.url.path}", _address(request)
        try:
            await run_in_threadpool(
                audit.record,
                self._services.database,
                action,
                now=time.time(),
                owner=key.owner,
                key_id=key.id,
                status=status,
                address=address,
            )
        except OUTAGES as error:
            _log.error("not in the audit log, as the database is away: %s by key %s: %s", action, key.id, error)


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"
