"""Bring a backup into an empty database and an empty store, of whatever kind."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path
from typing import IO

import obstore
from obstore.store import ObjectStore
from pydantic import ValidationError
from sqlalchemy import inspect

from cnnservice.database.engine import Database
from cnnservice.database.migrate import revisions, upgrade
from cnnservice.database.sqlite import sqlite_path
from cnnservice.keeping.archive import FORMAT, MANIFEST, BackupError, Manifest, parse_member, table_member
from cnnservice.keeping.rows import insert_lines, tables_of
from cnnservice.store import outages_told, put_whole, sha256_of

_PIECE_BYTES = 1 << 20
# Of a large backup's; more is no manifest.
_MANIFEST_BYTES = 1 << 30


def restore(database: Database, store: ObjectStore, source: Path) -> Manifest:
    """Check all of a backup, then bring its files into the store, then its rows into the database at its revision.

    At last the migrations since then are run. Jobs that ran then are queued anew once the service has started, as their
    leases have run out. Raises BackupError, StoreUnavailable.
    """
    try:
        with tarfile.open(source, "r:") as tar:
            manifest, members = _checked(tar)
            _check_empty(database, store)
            for name, member in members.items():
                if (path := parse_member(name).path) is not None:
                    _put(store, path, _open(tar, member))
            upgrade(database, manifest.revision)
            with database.engine.connect() as connection, connection.begin():
                for table in tables_of(connection):
                    insert_lines(connection, table, _open(tar, members[table_member(table.name)]))
            upgrade(database)
            return manifest
    except (tarfile.TarError, OSError, EOFError) as error:
        raise BackupError(f"Cannot read {source}: {error}") from error


def _checked(tar: tarfile.TarFile) -> tuple[Manifest, dict[str, tarfile.TarInfo]]:
    """The manifest, and the other members: each is there once, a plain file, and what the manifest says."""
    members: dict[str, tarfile.TarInfo] = {}
    for member in tar:
        if member.name in members or not member.isreg():
            raise BackupError(f"{member.name!r} is there twice, or no plain file; this is no backup.")
        members[member.name] = member
    manifest = _manifest(tar, members.pop(MANIFEST, None))
    if members.keys() != manifest.members.keys():
        raise BackupError("The members are not those that the manifest names; the backup is damaged.")
    for name, member in members.items():
        parse_member(name)
        if sha256_of(_open(tar, member)) != manifest.members[name]:
            raise BackupError(f"{name} is not what was backed up: its checksum is another.")
    return manifest, members


def _manifest(tar: tarfile.TarFile, member: tarfile.TarInfo | None) -> Manifest:
    if member is None or member.size > _MANIFEST_BYTES:
        raise BackupError("There is no manifest, which is a backup's last member: it was cut short, or is not one.")
    try:
        manifest = Manifest.model_validate_json(_open(tar, member).read())
    except ValidationError as error:
        raise BackupError(f"The manifest is not one of format {FORMAT}: {error}") from error
    if manifest.format != FORMAT or manifest.revision not in revisions():
        raise BackupError(
            f"It was made by version {manifest.version} (format {manifest.format}, schema {manifest.revision}), which "
            f"this one does not know (format {FORMAT}, schema up to {revisions()[-1]}). Use that one or a newer one."
        )
    return manifest


def _check_empty(database: Database, store: ObjectStore) -> None:
    if _has_tables(database):
        raise BackupError(
            "The database is not empty; a backup is restored into a new one alone. Stop the service and move the "
            "database away, or name another (CNNSERVICE_DATABASE_URL, CNNSERVICE_DATA_DIR)."
        )
    with outages_told():
        first = next(iter(obstore.list(store, chunk_size=1)), [])
    if first:
        raise BackupError(
            f"The artifact store is not empty: it has {first[0]['path']}, for one. A backup is restored into an empty "
            "one alone (CNNSERVICE_STORE_URL, CNNSERVICE_DATA_DIR)."
        )


def _has_tables(database: Database) -> bool:
    if database.engine.dialect.name == "sqlite" and not sqlite_path(str(database.engine.url)).exists():
        return False
    return bool(inspect(database.engine).get_table_names())


def _open(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    assert content is not None, "plain files alone are left"
    return content


def _put(store: ObjectStore, path: str, content: IO[bytes]) -> None:
    with tempfile.NamedTemporaryFile() as copy:
        while piece := content.read(_PIECE_BYTES):
            copy.write(piece)
        copy.flush()
        put_whole(store, path, Path(copy.name))
