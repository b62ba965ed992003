"""Which files of the artifact store the rows of a backup name, and what each of them must be."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import IO, Any, Protocol

from sqlalchemy import exists, select

from cnnservice.database.engine import Database
from cnnservice.database.tables import Computation, Epoch, UploadedDataset
from cnnservice.keeping.changes import Changes
from cnnservice.keeping.rows import Dump, Row
from cnnservice.results import result_path
from cnnservice.store import is_framed, sha256_of
from cnnservice.weights import DamagedFile, StoredFile, check_whole


class NamedFile(Protocol):
    """A file that rows name; one that is not precious can be computed again."""

    path: str
    precious: bool

    def is_whole(self, content: IO[bytes]) -> bool:
        """Whether this is what it must be; content is a file on disk, at its start."""

    def is_named(self, database: Database) -> bool:
        """Whether a row names it now."""

    def forget(self, changes: Changes) -> None:
        """Have no row of the backup name it."""


@dataclass
class Checkpoint:
    """The weights of an epoch, and the row of one of the jobs that share them."""

    path: str
    row: Row
    precious: bool = True

    def is_whole(self, content: IO[bytes]) -> bool:
        """See NamedFile."""
        row = self.row
        try:
            with mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                check_whole(StoredFile(self.path, row["size"], row["header_size"], row["header_sha256"]), mapped)
        except (DamagedFile, ValueError):  # nothing cannot be mapped
            return False
        return True

    def is_named(self, database: Database) -> bool:
        """See NamedFile."""
        return _any(database, Epoch.path == self.path, Epoch.kept)

    def forget(self, changes: Changes) -> None:
        """See NamedFile."""
        changes.dropped_paths.add(self.path)


@dataclass
class DatasetArray:
    """An array of an uploaded data set, which is told by its content's SHA-256, whatever names it has."""

    path: str
    sha256: str
    dataset: str
    precious: bool = True

    def is_whole(self, content: IO[bytes]) -> bool:
        """See NamedFile."""
        return sha256_of(content) == self.sha256

    def is_named(self, database: Database) -> bool:
        """See NamedFile."""
        return _any(database, UploadedDataset.sha256 == self.dataset, UploadedDataset.deleted_at.is_(None))

    def forget(self, changes: Changes) -> None:
        """See NamedFile."""
        changes.deleted_datasets.add(self.dataset)


@dataclass
class ComputedResult:
    """What a long computation has found."""

    path: str
    computation_id: str
    precious: bool = False

    def is_whole(self, content: IO[bytes]) -> bool:
        """See NamedFile."""
        return is_framed(content)

    def is_named(self, database: Database) -> bool:
        """See NamedFile."""
        return _any(database, Computation.id == self.computation_id, Computation.status == "succeeded")

    def forget(self, changes: Changes) -> None:
        """See NamedFile."""
        changes.lost_results.add(self.computation_id)


def named_files(dump: Dump) -> Iterator[NamedFile]:
    """Each file once, whoever shares it."""
    for path, sharing in groupby(dump.rows("epochs"), itemgetter("path")):
        if (kept := next((row for row in sharing if row["kept"]), None)) is not None:
            yield Checkpoint(path, kept)
    for sha256, sharing in groupby(dump.rows("uploaded_datasets"), itemgetter("sha256")):
        if (there := next((row for row in sharing if row["deleted_at"] is None), None)) is not None:
            for key, digest in there["record"]["files"].items():
                yield DatasetArray(f"datasets/{sha256}/{key}.npy", digest, sha256)
    for row in dump.rows("computations"):
        if row["status"] == "succeeded":
            yield ComputedResult(result_path(row["model_id"], row["id"]), row["id"])


def _any(database: Database, *conditions: Any) -> bool:
    with database.read() as session:
        return bool(session.scalar(select(exists().where(*conditions))))
