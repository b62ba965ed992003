"""Two ways to do a thing, timed in turn so that both see the same machine."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PAIRS = 7


@dataclass(frozen=True)
class Pairs:
    """Seconds of each run, paired: ours[i] was measured right before theirs[i]."""

    ours: list[float]
    theirs: list[float]

    @property
    def our_seconds(self) -> float:
        """The median."""
        return statistics.median(self.ours)

    @property
    def their_seconds(self) -> float:
        """The median."""
        return statistics.median(self.theirs)

    @property
    def times_faster(self) -> float:
        """The median of theirs / ours, pair by pair."""
        return statistics.median(theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True))

    @property
    def seconds_more(self) -> float:
        """The median of ours - theirs, pair by pair."""
        return statistics.median(ours - theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))


def paired(
    ours: Callable[[], Any],
    theirs: Callable[[], Any],
    *,
    pairs: int = PAIRS,
    our_repeat: int = 1,
    their_repeat: int = 1,
) -> Pairs:
    """Time one against the other after a warm-up of each. What is fast is repeated, as the clock is coarse."""
    ours()
    theirs()
    times = [(seconds(ours, our_repeat), seconds(theirs, their_repeat)) for _ in range(pairs)]
    return Pairs([mine for mine, _ in times], [other for _, other in times])


def seconds(work: Callable[[], Any], repeat: int = 1) -> float:
    """How long one call takes."""
    began = time.perf_counter()
    for _ in range(repeat):
        work()
    return (time.perf_counter() - began) / repeat


def median_seconds(work: Callable[[], Any], runs: int = PAIRS) -> float:
    """The median of several calls, after one that is not counted."""
    work()
    return statistics.median(seconds(work) for _ in range(runs))


def milliseconds(value: float) -> str:
    """A time in seconds as text."""
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"
