"""Epochs on their way to the store: in order, one at a time, none dropped, no failure swallowed."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from live import wait_until
from worker.publishing import Publisher


def test_training_goes_on_while_one_epoch_is_stored_and_waits_when_the_next_is_ready() -> None:
    storing, stored = threading.Event(), list[int]()

    def slow() -> None:
        storing.wait()
        stored.append(1)

    with Publisher() as publisher:
        publisher.hand_over(slow)
        publisher.raise_failure()
        assert stored == []
        second = threading.Thread(target=lambda: publisher.hand_over(lambda: stored.append(2)))
        second.start()
        second.join(0.2)
        assert second.is_alive(), "a second copy of the weights was taken while the first was not yet stored"
        storing.set()
        second.join()
    assert stored == [1, 2]


def slowly(stored: list[str]) -> None:
    threading.Event().wait(0.05)
    stored.append("the last")


def fail() -> None:
    raise OSError("no room")


def test_the_last_epoch_is_stored_when_the_training_has_ended() -> None:
    stored: list[str] = []
    with Publisher() as publisher:
        publisher.hand_over(lambda: slowly(stored))
    assert stored == ["the last"]


def train_and_raise(publish: Callable[[], None]) -> None:
    with Publisher() as publisher:
        publisher.hand_over(publish)
        raise KeyError("diverged")


def test_the_last_epoch_is_stored_when_the_training_has_failed() -> None:
    stored: list[str] = []
    with pytest.raises(KeyError, match="diverged"):
        train_and_raise(lambda: slowly(stored))
    assert stored == ["the last"]


def test_what_training_raised_is_not_hidden_by_what_storing_raised() -> None:
    with pytest.raises(KeyError, match="diverged"):
        train_and_raise(fail)


def has_failed(publisher: Publisher) -> bool:
    try:
        publisher.raise_failure()
    except OSError:
        return True
    return False


def test_a_failure_is_raised_at_the_next_batch() -> None:
    def train() -> None:
        with Publisher() as publisher:
            publisher.hand_over(fail)
            assert wait_until(lambda: has_failed(publisher), "the failure")
            publisher.raise_failure()

    with pytest.raises(OSError, match="no room"):
        train()


def test_a_failure_is_raised_at_the_next_epoch_and_after_the_last() -> None:
    def train(epochs: int) -> None:
        with Publisher() as publisher:
            for _ in range(epochs):
                publisher.hand_over(fail)

    for epochs in (1, 2):
        with pytest.raises(OSError, match="no room"):
            train(epochs)
