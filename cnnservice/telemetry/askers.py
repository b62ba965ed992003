"""Who asked for a job or a computation: its request and trace, kept in Redis while it waits.

Not in the message: any wake-up may have any job done, and what is queued again is still the same wish. Nothing but
log lines and traces depends on it.
"""

from __future__ import annotations

import json
from typing import cast

import redis

from cnnservice.telemetry.tracing import Carrier, carrier

_LIFE_SECONDS = 7 * 24 * 3600


class Askers:
    """By the id of what they asked for."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def note(self, identity: str) -> None:
        """Note, best effort, that the request which is answered now asked for what has this id."""
        try:
            self._redis.set(_key(identity), json.dumps(carrier()), ex=_LIFE_SECONDS)
        except redis.RedisError:
            return

    def of(self, identity: str) -> Carrier:
        """What was noted; empty where nothing is known."""
        try:
            noted = cast("bytes | None", self._redis.get(_key(identity)))
        except redis.RedisError:
            return {}
        told: dict[str, str] = json.loads(noted) if noted else {}
        return told


def _key(identity: str) -> str:
    return f"cnnservice:asker:{identity}"
