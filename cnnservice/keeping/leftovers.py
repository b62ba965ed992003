"""Files on this machine's disk that processes left when they were killed, and copies of data sets that are no more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from obstore.store import LocalStore, ObjectStore

from cnnservice.database.engine import Database
from cnnservice.datasets.catalogue import unnamed

# Nothing is written for so long.
_AGE_SECONDS = 86400.0
# As obstore names what it has not written whole yet; it does not list it.
_STAGED = re.compile(r".+#\d+")


def clear_leftovers(
    database: Database, store: ObjectStore, datasets_path: Path, *, now: float, delete: bool
) -> list[Path]:
    """Find what is left over for a day or longer, and delete it if so told."""
    found = [path for path in _unfinished(store, datasets_path) if _is_old(path, now)]
    copies = [path for path in (datasets_path / "uploads").glob("*") if _is_old(path, now)]
    with unnamed(database, [path.name for path in copies]) as contents:
        found += [path for path in copies if path.name in contents]
    if delete:
        for path in found:
            _remove(path)
    return found


def _unfinished(store: ObjectStore, datasets_path: Path) -> Iterator[Path]:
    if isinstance(store, LocalStore) and store.prefix is not None:
        yield from (path for path in Path(store.prefix).rglob("*#*") if _STAGED.fullmatch(path.name))
    yield from datasets_path.glob(".incoming-*")


def _is_old(path: Path, now: float) -> bool:
    try:
        return now - path.stat().st_mtime >= _AGE_SECONDS
    except FileNotFoundError:  # it was being written, and is whole now
        return False


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
