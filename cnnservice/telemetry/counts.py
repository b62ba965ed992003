"""Counts of all processes together, in one hash in Redis.

A counter within a process dies with it, and the train worker's child is recycled; a port of its own for each worker
would have to be found by whoever scrapes. Here increments are added up where every process reaches, and any API shows
them all. What Redis forgets begins at zero again, as counters do when a process is started anew.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping

import redis

from cnnservice.telemetry.families import Family

KEY = "cnnservice:counts"
SUM, BEYOND = "sum", "+Inf"


class Counts:
    """What this process has counted since it last published."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._unpublished, self._lock = Counter[str](), threading.Lock()

    def add(self, family: Family, amount: float = 1, value: str = "") -> None:
        """Count, for a value of the family's label."""
        with self._lock:
            self._unpublished[field_of(family, value)] += amount  # type: ignore[assignment]

    def observe(self, family: Family, seconds: float, value: str = "") -> None:
        """Put a duration into a histogram."""
        place = bisect_left(family.buckets, seconds)
        bucket = str(family.buckets[place]) if place < len(family.buckets) else BEYOND
        with self._lock:
            self._unpublished[field_of(family, value, bucket)] += 1
            self._unpublished[field_of(family, value, SUM)] += seconds  # type: ignore[assignment]

    def publish(self) -> None:
        """Add to what all have counted; what Redis does not take now is kept for the next time."""
        with self._lock:
            taken, self._unpublished = self._unpublished, Counter()
        if not taken:
            return
        try:
            with self._redis.pipeline(transaction=True) as pipeline:
                for field, amount in taken.items():
                    pipeline.hincrbyfloat(KEY, field, amount)
                pipeline.execute()
        except redis.RedisError:
            with self._lock:
                self._unpublished.update(taken)


def field_of(family: Family, value: str, part: str = "") -> str:
    """The hash's field of a counter, or of a part of a histogram: a bucket by its bound, not cumulative, or the sum."""
    return json.dumps([family.name, value, part])


def total(counted: Mapping[bytes, bytes], family: Family, value: str, part: str = "") -> float:
    """What the hash, as Redis gives it, holds of one of them."""
    return float(counted.get(field_of(family, value, part).encode(), b"0"))
