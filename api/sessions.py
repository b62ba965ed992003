"""Sessions: a browser's cookie in the place of a key, for pictures and pages, which are asked for without headers.

A session lives in Redis, below its SHA-256, and names a key: it is good for no longer than that. Its cookie is sent by
pages of this origin alone and read by no script, and it is good for what needs the scope `read` alone, so that no
foreign page can change anything through it.
"""

from __future__ import annotations

import hashlib
import secrets

import redis
import redis.asyncio

from api.messenger import BrokerAway
from cnnservice.errors import UnauthenticatedError

COOKIE = "cnnservice_session"
_BYTES = 32
_KEY_PREFIX = "cnnservice:session:"


class UnknownSession(UnauthenticatedError):
    """There is no such session, or no more."""

    code = "unknown-session"
    title = "Unknown session"

    def __init__(self) -> None:
        super().__init__("The session is over. Begin another with POST /v1/session, or send Authorization: Bearer.")


class Sessions:
    """Begins sessions and ends them. seconds: how long one lives."""

    def __init__(self, client: redis.asyncio.Redis, seconds: int) -> None:
        self._redis, self.seconds = client, seconds

    async def begin(self, key_id: str) -> str:
        """The text of a new session, for the cookie. Raises BrokerAway."""
        text = secrets.token_urlsafe(_BYTES)
        try:
            await self._redis.set(_name(text), key_id, ex=self.seconds)
        except redis.RedisError as error:
            raise BrokerAway from error
        return text

    async def key_id(self, text: str) -> str:
        """The id of the key that a session stands for. Raises UnknownSession, BrokerAway."""
        try:
            kept = await self._redis.get(_name(text))
        except redis.RedisError as error:
            raise BrokerAway from error
        if kept is None:
            raise UnknownSession
        return kept.decode() if isinstance(kept, bytes) else kept

    async def end(self, text: str) -> None:
        """Forget it. Raises BrokerAway."""
        try:
            await self._redis.delete(_name(text))
        except redis.RedisError as error:
            raise BrokerAway from error


def _name(text: str) -> str:
    return _KEY_PREFIX + hashlib.sha256(text.encode()).hexdigest()
