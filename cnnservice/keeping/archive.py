"""The form of a backup: a tar file of tables, files, and last a manifest that tells what must be there.

    tables/<table>.jsonl   a row a line, JSON by column
    files/<path>           a file of the artifact store
    manifest.json          versions, counts, and the SHA-256 of each of these

The manifest is the last member: a backup that was cut short has none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FORMAT = 1
MANIFEST = "manifest.json"
_TABLE = re.compile(r"tables/([a-z_]+)\.jsonl")
# As this service names its files; no path of another form is ever written.
_FILE = re.compile(r"files/((?:models|datasets|analysis|images|owners)(?:/[A-Za-z0-9_][A-Za-z0-9_.\-]*)+)")

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a backup holds. members is the SHA-256 of each member by its name, rows the number of rows by table.

    damaged are files that rows name and that were not whole when the backup was made.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    revision: str
    version: str
    created_at: float
    rows: dict[str, int]
    files: int
    bytes: int
    members: dict[str, Sha256]
    damaged: list[str]


class BackupError(Exception):
    """Why a backup cannot be made or restored, and what to do."""


@dataclass(frozen=True)
class Member:
    """What a member's name says: the table whose rows it holds, or the path of a file in the store."""

    table: str | None = None
    path: str | None = None


def table_member(table: str) -> str:
    """The name of the member with a table's rows."""
    return f"tables/{table}.jsonl"


def file_member(path: str) -> str:
    """The name of the member that holds a file of the store."""
    return f"files/{path}"


def parse_member(name: str) -> Member:
    """What a name says. Raises BackupError for one that no backup has."""
    if match := _TABLE.fullmatch(name):
        return Member(table=match[1])
    if match := _FILE.fullmatch(name):
        return Member(path=match[1])
    raise BackupError(f"{name!r} is no member of a backup; this file is not one, or was tampered with.")
