"""Which files of the artifact store the rows of a backup name, and what each of them must be."""

from __future__ import annotations

import mmap
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Protocol

from sqlalchemy import exists, select

from cnnservice.database.engine import Database
from cnnservice.database.tables import Computation, Epoch, UploadedDataset
from cnnservice.keeping.rows import Row, Rows
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

    def forget(self, now: float) -> None:
        """Change the rows of the backup so that they name it no more."""


@dataclass
class Checkpoint:
    """The weights of an epoch, and the rows of all jobs that share them."""

    path: str
    rows: list[Row]
    precious: bool = True

    def is_whole(self, content: IO[bytes]) -> bool:
        """See NamedFile."""
        row = self.rows[0]
        try:
            with mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                check_whole(StoredFile(self.path, row["size"], row["header_size"], row["header_sha256"]), mapped)
        except (DamagedFile, ValueError):  # nothing cannot be mapped
            return False
        return True

    def is_named(self, database: Database) -> bool:
        """See NamedFile."""
        return _any(database, Epoch.path == self.path, Epoch.kept)

    def forget(self, now: float) -> None:  # noqa: ARG002 - see NamedFile
        """See NamedFile."""
        for row in self.rows:
            row["kept"] = False


@dataclass
class DatasetArray:
    """An array of an uploaded data set, and the rows of all names that its content has."""

    path: str
    sha256: str
    rows: list[Row]
    precious: bool = True

    def is_whole(self, content: IO[bytes]) -> bool:
        """See NamedFile."""
        return sha256_of(content) == self.sha256

    def is_named(self, database: Database) -> bool:
        """See NamedFile."""
        return _any(database, UploadedDataset.sha256 == self.rows[0]["sha256"], UploadedDataset.deleted_at.is_(None))

    def forget(self, now: float) -> None:
        """See NamedFile."""
        for row in self.rows:
            row["deleted_at"] = now


@dataclass
class ComputedResult:
    """What a long computation has found."""

    path: str
    row: Row
    rows: list[Row]
    precious: bool = False

    def is_whole(self, content: IO[bytes]) -> bool:
        """See NamedFile."""
        return is_framed(content)

    def is_named(self, database: Database) -> bool:
        """See NamedFile."""
        return _any(database, Computation.id == self.row["id"], Computation.status == "succeeded")

    def forget(self, now: float) -> None:  # noqa: ARG002 - see NamedFile
        """See NamedFile."""
        self.rows.remove(self.row)


def named_files(rows: Rows) -> Iterator[NamedFile]:
    """Each file once, whoever shares it."""
    for path, sharing in _by(rows["epochs"], "path"):
        if kept := [row for row in sharing if row["kept"]]:
            yield Checkpoint(path, kept)
    for sha256, sharing in _by(rows["uploaded_datasets"], "sha256"):
        if there := [row for row in sharing if row["deleted_at"] is None]:
            for key, digest in there[0]["record"]["files"].items():
                yield DatasetArray(f"datasets/{sha256}/{key}.npy", digest, there)
    for row in list(rows["computations"]):
        if row["status"] == "succeeded":
            yield ComputedResult(result_path(row["model_id"], row["id"]), row, rows["computations"])


def _by(rows: Iterable[Row], column: str) -> Iterable[tuple[Any, list[Row]]]:
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return groups.items()


def _any(database: Database, *conditions: Any) -> bool:
    with database.read() as session:
        return bool(session.scalar(select(exists().where(*conditions))))
