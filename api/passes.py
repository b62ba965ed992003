"""Passes: random texts that stand for something for a while, as tickets and sessions do.

What a pass stands for is kept in Redis below the text's SHA-256, so that who reads Redis cannot use it.
"""

from __future__ import annotations

import hashlib
import secrets

import redis
import redis.asyncio

from api.messenger import BrokerAway

_BYTES = 32


class Passes:
    """Gives passes of one kind out, and tells what they stand for. seconds: how long one lives."""

    def __init__(self, client: redis.asyncio.Redis, kind: str, seconds: int) -> None:
        self._redis, self._kind, self.seconds = client, kind, seconds

    async def issue(self, meaning: str) -> str:
        """The text of a new pass. Raises BrokerAway."""
        text = secrets.token_urlsafe(_BYTES)
        try:
            await self._redis.set(self._name(text), meaning, ex=self.seconds)
        except redis.RedisError as error:
            raise BrokerAway from error
        return text

    async def meaning(self, text: str) -> str | None:
        """What a pass stands for; None where there is no such pass, or no more. Raises BrokerAway."""
        try:
            kept = await self._redis.get(self._name(text))
        except redis.RedisError as error:
            raise BrokerAway from error
        return kept.decode() if isinstance(kept, bytes) else kept

    async def forget(self, text: str) -> None:
        """End a pass before its time. Raises BrokerAway."""
        try:
            await self._redis.delete(self._name(text))
        except redis.RedisError as error:
            raise BrokerAway from error

    def _name(self, text: str) -> str:
        return f"cnnservice:{self._kind}:{hashlib.sha256(text.encode()).hexdigest()}"
