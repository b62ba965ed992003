"""How often one may ask: a bucket of tokens for each, filled steadily, emptied by one at each request."""

from __future__ import annotations

import math
from collections.abc import Callable

from cnnservice.errors import TooManyError

_MOST_BUCKETS = 10_000


class TooManyRequests(TooManyError):
    """Requests come faster than they may."""

    code = "too-many-requests"
    title = "Too many requests"

    def __init__(self, per_second: float, burst: int, wait_seconds: float) -> None:
        super().__init__(
            f"{per_second:g} requests a second are answered, and {burst} at once (CNNSERVICE_REQUESTS_PER_SECOND, "
            "CNNSERVICE_REQUESTS_BURST).",
            retry_after=math.ceil(wait_seconds),
        )


class Rates:
    """Of one API process: several of them let through so many times as much. clock gives seconds."""

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float]) -> None:
        self._per_second, self._burst, self._clock = per_second, burst, clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, name: str) -> None:
        """Count one request of whoever has this name. Raises TooManyRequests."""
        now = self._clock()
        tokens, at = self._buckets.get(name, (float(self._burst), now))
        tokens = min(tokens + (now - at) * self._per_second, float(self._burst))
        if tokens < 1:
            raise TooManyRequests(self._per_second, self._burst, (1 - tokens) / self._per_second)
        if len(self._buckets) >= _MOST_BUCKETS:
            self._forget_full(now)
        self._buckets[name] = (tokens - 1, now)

    def _forget_full(self, now: float) -> None:
        """A bucket that has filled up again is as good as none; of others, those that were used longest ago go."""
        filling = self._burst / self._per_second
        recent = {name: bucket for name, bucket in self._buckets.items() if now - bucket[1] < filling}
        newest = sorted(recent, key=lambda name: recent[name][1])[-_MOST_BUCKETS // 2 :]
        self._buckets = {name: recent[name] for name in newest}
