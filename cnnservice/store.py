"""The artifact store: a local directory, or a bucket of S3, GCS or Azure, through one interface."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from cnnservice.errors import UnavailableError

_DIGEST_BYTES = 32
_PIECE_BYTES = 1 << 20
# Up to here one request to a bucket is better than an upload in parts.
_PIECES_BYTES = 5 << 20


class StoreUnavailable(UnavailableError):
    """The store takes or gives nothing now: it is full, or away."""

    code = "store-unavailable"

    def __init__(self, error: Exception) -> None:
        super().__init__(f"The artifact store does not do what it is asked: {_reason(error)}.")


class Altered(Exception):
    """A file is not what was put there."""


def open_store(url: str) -> ObjectStore:
    """The artifact store at a file:, s3:, gs: or az: URL. A local directory is made when it is not there.

    What a bucket needs besides (keys, region, endpoint) is read from the environment as its own tools do.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStore(unquote(parts.path), mkdir=True)
    # By default a request would be tried for three minutes, and its client left without an answer for as long.
    return from_url(url, retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=10)})


@contextmanager
def outages_told() -> Iterator[None]:
    """What the store's own library raises, but for FileNotFoundError, as StoreUnavailable."""
    try:
        yield
    except BaseError as error:
        raise StoreUnavailable(error) from error


def put_whole(store: ObjectStore, path: str, content: bytes | Path | Sequence[bytes | memoryview]) -> None:
    """Store a file so that a reader sees all of it or none, also after a loss of power.

    It may be given in pieces, which are not copied together where they are large. Raises StoreUnavailable.
    """
    if not isinstance(content, bytes | Path) and sum(map(len, content)) <= _PIECES_BYTES:
        content = b"".join(content)
    try:
        with outages_told():
            obstore.put(store, path, content)
        if isinstance(store, LocalStore) and store.prefix is not None:
            _sync(Path(store.prefix, path))
    except OSError as error:  # a bucket that does not exist is a FileNotFoundError, too
        raise StoreUnavailable(error) from error


def put_checked(store: ObjectStore, path: str, content: bytes | Path) -> None:
    """Store a file behind its own SHA-256, for open_checked. Raises StoreUnavailable."""
    if isinstance(content, bytes):
        put_whole(store, path, hashlib.sha256(content).digest() + content)
        return
    with content.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    framed = content.with_name(f"{content.name}.framed")
    with content.open("rb") as file, framed.open("wb") as target:
        target.write(digest)
        while piece := file.read(_PIECE_BYTES):
            target.write(piece)
    put_whole(store, path, framed)


def check_stored(store: ObjectStore, path: str) -> int:
    """Read all of a file of put_checked once, and return the size of its content in bytes.

    Raises FileNotFoundError, Altered, StoreUnavailable.
    """
    with outages_told():
        size = 0
        digest, found = hashlib.sha256(), b""
        for piece in obstore.get(store, path).stream(min_chunk_size=_PIECE_BYTES):
            content = bytes(piece)
            if len(found) < _DIGEST_BYTES:
                missing = _DIGEST_BYTES - len(found)
                found, content = found + content[:missing], content[missing:]
            digest.update(content)
            size += len(content)
    if digest.digest() != found:
        raise Altered(path)
    return size


def is_framed(content: IO[bytes]) -> bool:
    """Whether this is a whole file of put_checked, read from where it is."""
    expected = content.read(_DIGEST_BYTES)
    return sha256_of(content) == expected.hex()


def sha256_of(content: IO[bytes]) -> str:
    """The SHA-256 of what is left to read, as hexadecimal digits."""
    digest = hashlib.sha256()
    while piece := content.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def read_stored(store: ObjectStore, path: str, size: int) -> Iterator[bytes]:
    """The content of a file of put_checked, size bytes of it, a piece at a time. Raises StoreUnavailable."""
    for start in range(0, size, _PIECE_BYTES):
        end = min(start + _PIECE_BYTES, size)
        with outages_told():
            yield bytes(obstore.get_range(store, path, start=_DIGEST_BYTES + start, end=_DIGEST_BYTES + end))


def read_checked(store: ObjectStore, path: str) -> bytes:
    """The content of a file of put_checked. Raises FileNotFoundError, Altered, StoreUnavailable."""
    with outages_told():
        content = bytes(obstore.get(store, path).bytes())
    if hashlib.sha256(content[_DIGEST_BYTES:]).digest() != content[:_DIGEST_BYTES]:
        raise Altered(path)
    return content[_DIGEST_BYTES:]


def _sync(path: Path) -> None:
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: Exception) -> str:
    first = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return first.removeprefix("Generic ")[:300].rstrip(".")
