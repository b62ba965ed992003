"""Files of the artifact store that no row names, and none ever will.

A file comes before the row that names it. So each is listed first; then it is asked whether anybody may still come to
name it; and then whether it is named. In this order nothing comes in between: who has lost the right to name a file
never has it again, as tokens and ids are never given twice.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import obstore
from obstore.store import ObjectStore

from cnnservice import job_queries
from cnnservice.database.engine import Database
from cnnservice.datasets.catalogue import unnamed
from cnnservice.store import outages_told
from cnnservice.weights import CheckpointStore

_AT_ONCE = 500
_CHECKPOINT = re.compile(r"models/([^/]+)/t(\d+)/[^/]+")
_OF_MODEL = re.compile(r"(?:analysis|exports)/([^/]+)/.+")
_ARRAY = re.compile(r"datasets/([^/]+)/[^/]+")


@dataclass(frozen=True)
class File:
    """A file in the store, of so many bytes."""

    path: str
    size: int


def collect_garbage(database: Database, checkpoints: CheckpointStore, *, delete: bool) -> list[File]:
    """Find what nobody names, and delete it if so told. Harmless while the service runs. Raises StoreUnavailable."""
    found = []
    for folder, ask in (("models/", unnamed_checkpoints), ("analysis/", of_no_model), ("exports/", of_no_model)):
        for files in listed(checkpoints.store, folder):
            garbage = ask(database, files)
            if delete:
                checkpoints.delete([file.path for file in garbage])
            found.extend(garbage)
    for files in listed(checkpoints.store, "datasets/"):
        found.extend(_arrays(database, checkpoints, files, delete=delete))
    return found


def listed(store: ObjectStore, folder: str) -> Iterator[list[File]]:
    """What lies in a folder now, some files at a time."""
    with outages_told():
        for batch in obstore.list(store, prefix=folder, chunk_size=_AT_ONCE):
            yield [File(entry["path"], entry["size"]) for entry in batch]


def unnamed_checkpoints(database: Database, files: Sequence[File]) -> list[File]:
    """Of these checkpoints, those that no epoch has, whose writers can publish nothing more."""
    written = [(file, match[1], int(match[2])) for file in files if (match := _CHECKPOINT.fullmatch(file.path))]
    # In this order: what was published until its writer lost its token is seen.
    running = job_queries.running_tokens(database, {job_id for _, job_id, _ in written})
    kept = job_queries.paths_in_use(database, [file.path for file, _, _ in written])
    return [file for file, job_id, token in written if running.get(job_id) != token and file.path not in kept]


def of_no_model(database: Database, files: Sequence[File]) -> list[File]:
    """Of these results and exports, those whose models have been deleted."""
    made = [(file, match[1]) for file in files if (match := _OF_MODEL.fullmatch(file.path))]
    there = job_queries.existing(database, {model_id for _, model_id in made})
    return [file for file, model_id in made if model_id not in there]


def _arrays(database: Database, checkpoints: CheckpointStore, files: Sequence[File], *, delete: bool) -> Iterator[File]:
    by_content: dict[str, list[File]] = defaultdict(list)
    for file in files:
        if match := _ARRAY.fullmatch(file.path):
            by_content[match[1]].append(file)
    # Names are given to contents whose files are there already: see Catalogue.add, which takes turns with this.
    for content, arrays in by_content.items():
        with unnamed(database, [content]) as contents:
            if content in contents:
                if delete:
                    checkpoints.delete([file.path for file in arrays])
                yield from arrays
