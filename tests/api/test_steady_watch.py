"""When the end of a lease may be believed. Leases last 15 s here, and looks 2 s apart are usual."""

from __future__ import annotations

from api.steady_watch import SteadyWatch


def watch_from(start: float, looks: int, watch: SteadyWatch | None = None) -> SteadyWatch:
    watch = watch or SteadyWatch(15, gap_seconds=9.5)
    for look in range(looks):
        watch.saw(start + 2 * look)
    return watch


def test_it_takes_a_leases_length_from_the_first_look() -> None:
    assert not SteadyWatch(15, gap_seconds=9.5).is_steady
    assert not watch_from(1000, 8).is_steady  # 14 s
    assert watch_from(1000, 9).is_steady  # 16 s


def test_an_outage_begins_it_anew() -> None:
    watch = watch_from(1000, 20)
    watch.interrupt()
    assert not watch.is_steady
    assert not watch_from(1040, 8, watch).is_steady
    assert watch_from(1056, 1, watch).is_steady


def test_a_gap_and_a_clock_that_jumps_begin_it_anew_and_a_short_delay_does_not() -> None:
    last = 1000 + 2 * 19
    for jump, steady in ((9.5, True), (9.6, False), (3600, False), (-0.1, False), (-3600, False)):
        watch = watch_from(1000, 20)
        watch.saw(last + jump)
        assert watch.is_steady == steady, jump
