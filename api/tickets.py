"""Tickets: a short-lived stand-in for credentials where a client can send no header.

A ticket is a pass that opens one path, any number of times while it lives, as an EventSource connects again by itself.
Where there are keys, it also names the key of who asked for it, and it opens no more than that key does.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass

import redis.asyncio

from api.passes import Passes
from cnnservice.errors import ForbiddenError, UnauthenticatedError

# What tickets open: the kind of what happens there, and its id.
STREAM = re.compile(r"/v1/(jobs|computations)/([^/?#]+)/events")


class UnknownTicket(UnauthenticatedError):
    """There is no such ticket, or no more."""

    code = "unknown-ticket"
    title = "Unknown ticket"

    def __init__(self, seconds: int, path: str) -> None:
        super().__init__(
            f"The ticket is not known: a ticket lives {seconds} s and opens one path. "
            f'Get another with POST /v1/tickets {{"path": "{path}"}}.'
        )


class OtherPath(ForbiddenError):
    """The ticket opens another path."""

    code = "ticket-for-another-path"
    title = "Ticket for another path"

    def __init__(self, own: str, path: str) -> None:
        super().__init__(
            f'This ticket opens {own} alone; get one for this path with POST /v1/tickets {{"path": "{path}"}}.'
        )


@dataclass(frozen=True)
class Ticket:
    """What was given out, and until when it lives, in seconds since 1970."""

    text: str
    path: str
    expires_at: float


class Tickets:
    """Gives tickets out, and looks whether they are good. seconds: how long one lives."""

    def __init__(self, client: redis.asyncio.Redis, seconds: int) -> None:
        self._passes = Passes(client, "ticket", seconds)

    async def issue(self, path: str, key_id: str | None) -> Ticket:
        """A new ticket for a path, for who has this key, None where there are no keys. Raises BrokerAway."""
        expires_at = time.time() + self._passes.seconds
        return Ticket(await self._passes.issue(json.dumps({"path": path, "key_id": key_id})), path, expires_at)

    async def check(self, text: str, path: str) -> str | None:
        """The id of the key that a ticket stands for. Raises UnknownTicket, OtherPath, BrokerAway."""
        kept = await self._passes.meaning(text)
        if kept is None:
            raise UnknownTicket(self._passes.seconds, path)
        ticket = json.loads(kept)
        if ticket["path"] != path:
            raise OtherPath(ticket["path"], path)
        key_id: str | None = ticket["key_id"]
        return key_id
