"""Write a backup of database and store, also while the service runs."""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import IO

import obstore
from obstore.store import ObjectStore

from cnnservice.database.engine import Database
from cnnservice.database.migrate import current, revisions
from cnnservice.datasets.uploads import IMAGE_FOLDERS
from cnnservice.keeping.archive import FORMAT, MANIFEST, BackupError, Manifest, file_member, table_member
from cnnservice.keeping.changes import Changes, deleted_jobs
from cnnservice.keeping.named import NamedFile, named_files
from cnnservice.keeping.rows import Row, dumped, encode
from cnnservice.store import outages_told, sha256_of

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class Backup:
    """A backup that was made: where, and what it holds."""

    path: Path
    manifest: Manifest


def back_up(database: Database, store: ObjectStore, target: Path, *, now: float) -> Backup:
    """Write a backup to a file, or to a new one in a folder. It is there whole, or not at all.

    The rows are read first, at one moment, and then the files that they name, which never change. What has been dropped
    or deleted meanwhile is so in the backup, too. A file that is damaged is left out, and told; its row stays, so that
    what was restored tells the same of it as what was backed up.
    Raises BackupError, StoreUnavailable.
    """
    if (revision := current(database)) != revisions()[-1]:
        raise BackupError(
            f"The database is at revision {revision}, and this version works with {revisions()[-1]}. "
            "Run `cnnservice migrate` first, or back up with the version that made it."
        )
    if target.is_dir():
        target /= f"cnnservice-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}.tar"
    if target.exists():
        raise BackupError(f"{target} exists already; a backup is never written over another.")
    damaged: list[str] = []
    with (
        dumped(database) as dump,
        _written_whole(target) as file,
        tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        writer, changes = _Writer(tar, now), Changes(now)
        for named in named_files(dump):
            if not _copy(database, store, named, writer, changes):
                damaged.append(named.path)
        _copy_images(store, writer, damaged)
        changes.deleted_jobs = deleted_jobs(database, dump.rows("jobs"))
        files, size = len(writer.members), writer.bytes
        rows = {table: _add_table(table, changes.applied(table, dump.rows(table)), writer) for table in dump.tables}
        manifest = Manifest(
            format=FORMAT,
            revision=revisions()[-1],
            version=version("cnnservice"),
            created_at=now,
            rows=rows,
            files=files,
            bytes=size,
            members=writer.members,
            damaged=damaged,
        )
        writer.add(MANIFEST, BytesIO(manifest.model_dump_json(indent=1).encode()))
    return Backup(target, manifest)


class _Writer:
    """Adds members, and remembers what they are."""

    def __init__(self, tar: tarfile.TarFile, now: float) -> None:
        self._tar, self._now = tar, now
        self.members: dict[str, str] = {}
        self.bytes = 0

    def add(self, name: str, content: IO[bytes]) -> None:
        """All of a file that can be read twice."""
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = content.seek(0, os.SEEK_END), int(self._now), 0o644
        content.seek(0)
        self.members[name] = sha256_of(content)
        content.seek(0)
        self._tar.addfile(member, content)
        # Or it would remember all of them until its end, a kilobyte each.
        self._tar.members.clear()  # type: ignore[attr-defined]
        self.bytes += member.size


def _add_table(table: str, rows: Iterator[Row], writer: _Writer) -> int:
    """Returns how many rows it has."""
    count = 0
    with tempfile.TemporaryFile() as lines:
        for count, line in enumerate(encode(rows), start=1):  # noqa: B007 - the last is used
            lines.write(line)
        writer.add(table_member(table), lines)
    return count


def _copy(database: Database, store: ObjectStore, named: NamedFile, writer: _Writer, changes: Changes) -> bool:
    """Whether the file is in the backup, or need not be."""
    with _fetched(store, named.path) as content:
        if content is not None and named.is_whole(content):
            writer.add(file_member(named.path), content)
            return True
    # Asked now, not before: a file goes after its row.
    lost = named.precious and named.is_named(database)
    if not lost:
        named.forget(changes)
    return not lost


def _copy_images(store: ObjectStore, writer: _Writer, damaged: list[str]) -> None:
    """Images that clients sent: no row names them, and their names are their checksums."""
    with outages_told():
        listed = [obstore.list(store, prefix=folder) for folder in IMAGE_FOLDERS]
        paths = [entry["path"] for batches in listed for batch in batches for entry in batch]
    for path in paths:
        with _fetched(store, path) as content:
            if content is None:
                continue
            if sha256_of(content) == path.rpartition("/")[2]:
                writer.add(file_member(path), content)
            else:
                damaged.append(path)


@contextmanager
def _fetched(store: ObjectStore, path: str) -> Iterator[IO[bytes] | None]:
    """A copy of a file, at its start; None where it is not there."""
    with tempfile.TemporaryFile() as copy:
        try:
            with outages_told():
                for piece in obstore.get(store, path).stream(min_chunk_size=_PIECE_BYTES):
                    copy.write(piece)
        except FileNotFoundError:
            yield None
            return
        copy.flush()
        copy.seek(0)
        yield copy


@contextmanager
def _written_whole(target: Path) -> Iterator[IO[bytes]]:
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).rename(target)
