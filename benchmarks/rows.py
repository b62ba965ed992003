"""What a benchmark says: one figure, what it is held against, and whether it reaches what it must."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table. ours and against name a thing and its raw figure, e.g. `to_jshtml, 5300 ms`.

    ratio is what was measured side by side, already in the direction that `must` speaks of; limit is the physical
    limit where there is one, as text with its figure. Of a row without `at_least` or `at_most` nothing is demanded.
    """

    what: str
    ours: str
    against: str
    ratio: float
    unit: str = "times faster"
    at_least: float | None = None
    at_most: float | None = None
    limit: str = ""

    @property
    def demanded(self) -> str:
        """What must be reached, in words."""
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return "" if self.at_most is None else f"at most {self.at_most:g}"

    @property
    def holds(self) -> str:
        """Whether it is reached."""
        if not self.demanded:
            return ""
        low = self.at_least is None or self.ratio >= self.at_least
        high = self.at_most is None or self.ratio <= self.at_most
        return "yes" if low and high else "NO"


_HEADS = ("what", "here", "against", "figure", "must be", "holds", "physical limit")


def print_rows(rows: Iterable[Row]) -> None:
    """Print a Markdown table, each row as soon as it is measured."""
    print("|", " | ".join(_HEADS), "|")
    print("|", " | ".join("---" for _ in _HEADS), "|", flush=True)
    for row in rows:
        figure = f"{row.ratio:.3g} {row.unit}" if row.ratio < 1000 else f"{row.ratio:.0f} {row.unit}"
        cells = (row.what, row.ours, row.against, figure, row.demanded, row.holds, row.limit)
        print("|", " | ".join(cells), "|", flush=True)
