"""A bucket of tokens, by hand: 2 a second, 3 at once."""

from __future__ import annotations

import pytest

from api.rates import Rates, TooManyRequests


class Clock:
    """Stands still unless it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_the_burst_come_at_once_and_then_as_many_as_time_gives() -> None:
    clock = Clock()
    rates = Rates(2.0, 3, clock)
    for _ in range(3):
        rates.take("key a")
    with pytest.raises(TooManyRequests) as caught:
        rates.take("key a")
    assert caught.value.retry_after == 1  # half a second, told in whole ones
    rates.take("key b")  # another's bucket is full
    clock.now += 0.49
    with pytest.raises(TooManyRequests):
        rates.take("key a")
    clock.now += 0.01
    rates.take("key a")
    with pytest.raises(TooManyRequests):
        rates.take("key a")
    clock.now += 1000.0
    for _ in range(3):
        rates.take("key a")
    with pytest.raises(TooManyRequests):
        rates.take("key a")


def test_a_slow_rate_says_how_long_to_wait() -> None:
    rates = Rates(0.1, 1, Clock())
    rates.take("a")
    with pytest.raises(TooManyRequests) as caught:
        rates.take("a")
    assert caught.value.retry_after == 10


def test_it_does_not_grow_without_end_and_who_is_held_back_stays_so() -> None:
    clock = Clock()
    rates = Rates(1.0, 1, clock)
    for number in range(12_000):
        clock.now += 0.00001
        rates.take(f"address {number}")
    assert len(rates._buckets) <= 10_000
    with pytest.raises(TooManyRequests):
        rates.take("address 11999")
