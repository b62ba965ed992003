"""The keys as requests ask for them: from memory for a moment, else from the database."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from cnnservice import keys
from cnnservice.database.engine import Database
from cnnservice.keys import Key

_SCOPE_NAME = "cnnservice.key"
_MOST_KNOWN = 1024


def key_in(scope: Scope) -> Key | None:
    """The key that a request was let in with; None where there are no keys."""
    key: Key | None = scope.get(_SCOPE_NAME)
    return key


def put_key(scope: Scope, key: Key) -> None:
    """Note with which key a request was let in."""
    scope[_SCOPE_NAME] = key


class Keyring:
    """Remembers good keys for some seconds, so long does a revoked one stay good; what was no key is looked up anew."""

    def __init__(self, database: Database, seconds: float) -> None:
        self._database, self._seconds = database, seconds
        self._on, self._asked_at = False, float("-inf")
        self._known: dict[str, tuple[Key, float]] = {}

    @property
    def seen_on(self) -> bool:
        """Whether this process has seen that a key was made."""
        return self._on

    async def is_on(self) -> bool:
        """Whether a key has ever been made: once it is so, it stays so. Raises OUTAGES."""
        if not self._on and time.monotonic() - self._asked_at >= self._seconds:
            self._on = await run_in_threadpool(keys.are_on, self._database)
            self._asked_at = time.monotonic()
        return self._on

    async def of_text(self, text: str) -> Key:
        """The key of this text. Raises BadKey, OUTAGES."""
        return await self._find(hashlib.sha256(text.encode()).hexdigest(), text, keys.authenticate)

    async def of_id(self, key_id: str) -> Key:
        """The key of this id. Raises BadKey, OUTAGES."""
        return await self._find(key_id, key_id, keys.by_id)

    async def _find(self, name: str, sought: str, find: Callable[[Database, str], Key]) -> Key:
        key, until = self._known.get(name, (None, 0.0))
        if key is not None and time.monotonic() < until:
            return key
        self._known.pop(name, None)
        found = await run_in_threadpool(find, self._database, sought)
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[name] = (found, time.monotonic() + self._seconds)
        return found
