"""Work that one thread does at a time, and does again when it was asked for meanwhile."""

from __future__ import annotations

import threading

import pytest

from worker.alone import Alone


def test_who_asks_while_it_is_done_goes_away_and_it_is_done_once_more() -> None:
    begun, go_on, rounds = threading.Event(), threading.Event(), list[int]()

    def work() -> None:
        rounds.append(threading.get_ident())
        begun.set()
        go_on.wait()

    alone = Alone(work)
    worker = threading.Thread(target=alone)
    worker.start()
    begun.wait()
    alone()
    alone()
    assert len(rounds) == 1, "two threads were at it"
    go_on.set()
    worker.join()
    assert rounds == [worker.ident] * 2


def test_of_many_who_ask_none_is_overlooked() -> None:
    asked, seen, at_it = list[int](), set[int](), threading.Lock()

    def work() -> None:
        assert at_it.acquire(blocking=False), "two threads are at it"
        seen.update(asked)
        at_it.release()

    alone = Alone(work)

    def ask(number: int) -> None:
        for step in range(200):
            asked.append(number * 1000 + step)
            alone()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == set(asked)


def test_after_a_failure_it_can_be_asked_for_again() -> None:
    outcomes = iter([OSError("away"), None])

    def work() -> None:
        if (error := next(outcomes)) is not None:
            raise error

    alone = Alone(work)
    with pytest.raises(OSError, match="away"):
        alone()
    alone()
    assert next(outcomes, "all were called for") == "all were called for"
