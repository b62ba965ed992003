"""API keys: who may do what.

A key's text is `cnn_<id>_<secret>`. The secret is 256 random bits, so that its SHA-256 is all that need be kept: there
is nothing to guess that a slow hash would protect. Several keys may have one owner, so that a new one can take over
before the old one is revoked. Keys count from the first that is made on, and for ever: revoking the last one must not
open what was closed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import exists, select

from cnnservice.database.engine import Database
from cnnservice.database.tables import ApiKey
from cnnservice.database.viewer import Viewer
from cnnservice.errors import InvalidError, NotFoundError, UnauthenticatedError

Scope = Literal["read", "train", "admin"]
# Each holds those before it.
SCOPES: tuple[Scope, ...] = ("read", "train", "admin")
_OWNER = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_TEXT = re.compile(r"cnn_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_SECRET_BYTES = 32
# Compared with where there is no such key, so that it takes as long.
_NOBODY = hashlib.sha256(b"").hexdigest()


class BadOwner(InvalidError):
    """An owner's name is not one."""

    code = "bad-owner"
    title = "Bad owner"

    def __init__(self, owner: str) -> None:
        super().__init__(
            f"{owner!r} is no owner's name: it begins with a letter or digit and has at most 64 characters "
            "of a-z, 0-9, '.', '_' and '-'."
        )


class UnknownKey(NotFoundError):
    """No key has this id."""

    code = "unknown-key"
    title = "Unknown key"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no key {key_id!r}; `cnnservice keys list` shows those there are.")


class BadKey(UnauthenticatedError):
    """A key is needed, and what was sent is none, or is revoked."""

    code = "bad-key"
    title = "No such key"


@dataclass(frozen=True)
class Key:
    """A key without its secret."""

    id: str
    owner: str
    scope: Scope
    created_at: float
    revoked_at: float | None = None

    def grants(self, scope: Scope) -> bool:
        """Whether it is good for what needs this scope."""
        return SCOPES.index(self.scope) >= SCOPES.index(scope)

    @property
    def viewer(self) -> Viewer:
        """Whose things its bearer sees."""
        return Viewer(self.owner, sees_all=self.scope == "admin")


def create(database: Database, owner: str, scope: Scope, *, now: float) -> tuple[Key, str]:
    """Make a key. Returns it and its text, which is told this once. Raises BadOwner."""
    if not _OWNER.fullmatch(owner):
        raise BadOwner(owner)
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(_SECRET_BYTES)
    with database.write() as session:
        row = ApiKey(id=key_id, owner=owner, scope=scope, secret_sha256=_hash(secret), created_at=now)
        session.add(row)
        session.flush()
        return _key(row), f"cnn_{key_id}_{secret}"


def revoke(database: Database, key_id: str, *, now: float) -> Key:
    """Let a key be good for nothing any more; one that is so already stays as it is. Raises UnknownKey."""
    with database.write() as session:
        row = session.get(ApiKey, key_id)
        if row is None:
            raise UnknownKey(key_id)
        if row.revoked_at is None:
            row.revoked_at = now
        return _key(row)


def list_keys(database: Database) -> list[Key]:
    """All that were made, oldest first."""
    with database.read() as session:
        return [_key(row) for row in session.scalars(select(ApiKey).order_by(ApiKey.created_at, ApiKey.id))]


def are_on(database: Database) -> bool:
    """Whether a key has ever been made."""
    with database.read() as session:
        return bool(session.scalar(select(exists().select_from(ApiKey))))


def authenticate(database: Database, text: str) -> Key:
    """The key of this text. Raises BadKey, in words that do not tell whether such an id is known."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise BadKey("What was sent is no key: a key reads cnn_<id>_<secret>. Send Authorization: Bearer <key>.")
    key_id, secret = match.groups()
    with database.read() as session:
        row = session.get(ApiKey, key_id)
    known = hmac.compare_digest(_hash(secret), row.secret_sha256 if row is not None else _NOBODY)
    if row is None or not known or row.revoked_at is not None:
        raise BadKey("The key is not known, or was revoked. Ask who runs the service for another.")
    return _key(row)


def by_id(database: Database, key_id: str) -> Key:
    """The key of this id. Raises BadKey where it is revoked."""
    with database.read() as session:
        row = session.get(ApiKey, key_id)
    if row is None or row.revoked_at is not None:
        raise BadKey("The key that this was given out for was revoked. Ask who runs the service for another.")
    return _key(row)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(row: ApiKey) -> Key:
    scope: Scope = next(scope for scope in SCOPES if scope == row.scope)
    return Key(row.id, row.owner, scope, row.created_at, row.revoked_at)
