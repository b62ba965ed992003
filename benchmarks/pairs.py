"""Two ways to do a thing, timed in turn so that both see the same machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PAIRS = 7


@dataclass(frozen=True)
class Comparison:
    """Medians over PAIRS paired runs after a warm-up of each. Times are seconds, sizes bytes."""

    what: str
    against: str
    ours: float
    theirs: float
    ratio: float
    our_bytes: int
    their_bytes: int


def compare(
    what: str, ours: Callable[[], bytes], against: str, theirs: Callable[[], bytes], *, repeat: int = 100
) -> Comparison:
    """Time one against the other. The faster one is repeated within each run, as the clock is coarse beside it."""
    our_bytes, their_bytes = len(ours()), len(theirs())
    pairs = [(_seconds(ours, repeat), _seconds(theirs, 1)) for _ in range(PAIRS)]
    return Comparison(
        what,
        against,
        statistics.median(pair[0] for pair in pairs),
        statistics.median(pair[1] for pair in pairs),
        statistics.median(pair[1] / pair[0] for pair in pairs),
        our_bytes,
        their_bytes,
    )


def report(comparisons: Sequence[Comparison]) -> None:
    """Print a Markdown table."""
    print("| what | against | ours | theirs | times faster | bytes |")
    print("|---|---|---|---|---|---|")
    for row in comparisons:
        times = f"{row.ours * 1e3:.2f} ms | {row.theirs * 1e3:.0f} ms | {row.ratio:.0f}"
        print(f"| {row.what} | {row.against} | {times} | {row.our_bytes} to {row.their_bytes} |")


def _seconds(work: Callable[[], bytes], repeat: int) -> float:
    began = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - began) / repeat
