"""Whose things a reader of the database sees, and whose the things are that it makes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import InstrumentedAttribute

Rows = TypeVar("Rows")


@dataclass(frozen=True)
class Viewer:
    """Sees what is its owner's, or all; what it makes is its owner's, or nobody's."""

    owner: str | None = None
    sees_all: bool = True

    def may_see(self, owner: str | None) -> bool:
        """Whether something of this owner is there at all, for this viewer."""
        return self.sees_all or owner == self.owner

    def among(self, query: Select[Rows], owner: InstrumentedAttribute[str | None]) -> Select[Rows]:
        """Of what a query finds, what this viewer may see; owner is the column that tells whose it is."""
        return query if self.sees_all else query.where(owner == self.owner)
