"""Sessions: a browser's cookie in the place of a key, for pictures and pages, which are asked for without headers.

A session is a pass that names a key: it is good for no longer than that. Its cookie is sent by pages of this origin
alone and read by no script, and it is good for what needs the scope `read` alone, so that no foreign page can change
anything through it.
"""

from __future__ import annotations

import redis.asyncio

from api.passes import Passes
from cnnservice.errors import UnauthenticatedError

COOKIE = "cnnservice_session"


class UnknownSession(UnauthenticatedError):
    """There is no such session, or no more."""

    code = "unknown-session"
    title = "Unknown session"

    def __init__(self) -> None:
        super().__init__("The session is over. Begin another with POST /v1/session, or send Authorization: Bearer.")


class Sessions:
    """Begins sessions and ends them. seconds: how long one lives."""

    def __init__(self, client: redis.asyncio.Redis, seconds: int) -> None:
        self._passes, self.seconds = Passes(client, "session", seconds), seconds

    async def begin(self, key_id: str) -> str:
        """The text of a new session, for the cookie. Raises BrokerAway."""
        return await self._passes.issue(key_id)

    async def key_id(self, text: str) -> str:
        """The id of the key that a session stands for. Raises UnknownSession, BrokerAway."""
        kept = await self._passes.meaning(text)
        if kept is None:
            raise UnknownSession
        return kept

    async def end(self, text: str) -> None:
        """Forget it. Raises BrokerAway."""
        await self._passes.forget(text)
