"""A file's checksum, computed once for each state of the file."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Literal

Algorithm = Literal["sha256", "md5"]


def file_checksum(path: Path, algorithm: Algorithm) -> str | None:
    """In hexadecimal; None where there is no such file."""
    if not path.is_file():
        return None
    status = path.stat()
    return _checksum(path, status.st_mtime_ns, status.st_size, algorithm)


@lru_cache(maxsize=64)
def _checksum(path: Path, mtime_ns: int, size: int, algorithm: Algorithm) -> str:  # noqa: ARG001 - tell one state
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
