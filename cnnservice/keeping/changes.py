"""What a backup tells otherwise than the rows that it was made of, as it was so when their files were read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import islice

from cnnservice import job_queries
from cnnservice.database.engine import Database
from cnnservice.database.tables import Base
from cnnservice.keeping.rows import Row

_AT_ONCE = 500


@dataclass
class Changes:
    """Few, as all of them came while the backup was made. now is when that is."""

    now: float
    dropped_paths: set[str] = field(default_factory=set)
    """Of checkpoints that are not kept any more."""
    deleted_datasets: set[str] = field(default_factory=set)
    """Uploaded data sets, by the SHA-256 of their content."""
    lost_results: set[str] = field(default_factory=set)
    """Computations whose results can be computed again, by id."""
    deleted_jobs: set[str] = field(default_factory=set)
    """Ids; with a job goes all that belongs to it."""

    def applied(self, table: str, rows: Iterable[Row]) -> Iterator[Row]:
        """The rows of a table as they are backed up."""
        job_column = _job_columns().get(table)
        for row in rows:
            if job_column is not None and row[job_column] in self.deleted_jobs:
                continue
            if table == "computations" and row["id"] in self.lost_results:
                continue
            if table == "epochs" and row["path"] in self.dropped_paths:
                row["kept"] = False
            if table == "uploaded_datasets" and row["deleted_at"] is None and row["sha256"] in self.deleted_datasets:
                row["deleted_at"] = self.now
            yield row


def deleted_jobs(database: Database, rows: Iterable[Row]) -> set[str]:
    """The ids of those of these jobs that there are no more."""
    remaining, gone = iter(rows), set[str]()
    while ids := {row["id"] for row in islice(remaining, _AT_ONCE)}:
        gone |= ids - job_queries.existing(database, ids)
    return gone


@cache
def _job_columns() -> dict[str, str]:
    """By table, the column that says whose job a row is."""
    columns = {"jobs": "id", "idempotency_keys": "job_id"}
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table.name == "jobs":
                columns[table.name] = key.parent.name
    return columns
