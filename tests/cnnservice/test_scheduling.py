"""Whose turn it is: owners take turns, an owner's jobs go by priority and age, and a queue keeps to itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cnnservice import job_queries, jobs, scheduling, submission
from cnnservice.database.engine import Database
from cnnservice.database.migrate import upgrade
from cnnservice.database.viewer import Viewer
from cnnservice.scheduling import Turn, next_owner
from cnnservice.specs.job import JobSpec


class Queue:
    """A real database, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'jobs.db'}")
        upgrade(self.database)
        self.now, self.posted = 100.0, 0

    def post(self, owner: str | None, **spec: object) -> str:
        self.now, self.posted = self.now + 1, self.posted + 1
        job_id = f"01990000-0000-7000-8000-{self.posted:012d}"
        seen = self.database.seen_by(Viewer(owner, sees_all=owner is None))
        submission.submit(seen, JobSpec.model_validate({"dataset": "mnist", **spec}), job_id=job_id, now=self.now)
        return job_id

    def claim(self, queue: str = "train") -> jobs.Claim | None:
        self.now += 1
        return scheduling.claim_next(self.database, queue, owner="w", now=self.now, lease_seconds=1e6)

    def owner(self, claim: jobs.Claim) -> str | None:
        return job_queries.get(self.database, claim.job_id).owner


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path)


def test_one_job_of_another_does_not_wait_behind_a_hundred(queue: Queue) -> None:
    for _ in range(100):
        queue.post("alice")
    late = queue.post("bob")
    first, second, third = (queue.claim() for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (queue.owner(first), second.job_id, queue.owner(third)) == ("alice", late, "alice")


def test_on_one_worker_owners_take_turns(queue: Queue) -> None:
    for owner in ("alice", "bob", "carol"):
        for _ in range(3):
            queue.post(owner)
    served = []
    while (claim := queue.claim()) is not None:
        served.append(queue.owner(claim))
        jobs.end(queue.database, claim, "succeeded", now=queue.now)
    assert served == ["alice", "bob", "carol"] * 3


def test_an_owners_own_jobs_go_by_priority_and_then_by_age(queue: Queue) -> None:
    posted = [queue.post(None, priority=priority) for priority in (0, 5, -3, 5, 0)]
    order = [claim.job_id for _ in posted if (claim := queue.claim()) is not None]
    assert order == [posted[number] for number in (1, 3, 0, 4, 2)]
    assert queue.claim() is None


def test_a_priority_takes_nothing_from_others(queue: Queue) -> None:
    for _ in range(3):
        queue.post("alice", priority=10)
    mine = queue.post("bob", priority=-10)
    assert mine in {claim.job_id for _ in range(2) if (claim := queue.claim()) is not None}


def test_a_job_that_asks_for_a_gpu_waits_for_a_worker_that_has_one(queue: Queue) -> None:
    wants, any_ = queue.post(None, accelerator="gpu"), queue.post(None)
    ordinary = queue.claim("train")
    assert ordinary is not None
    assert ordinary.job_id == any_
    assert queue.claim("train") is None
    special = queue.claim("train.gpu")
    assert special is not None
    assert special.job_id == wants


def test_a_job_that_comes_back_is_the_first_of_its_owner_again(queue: Queue) -> None:
    first = queue.post(None)
    queue.post(None)
    claim = queue.claim()
    assert claim is not None
    jobs.release(queue.database, claim, now=queue.now)
    again = queue.claim()
    assert again is not None
    assert again.job_id == first


@pytest.mark.parametrize(
    ("turns", "next_one"),
    [
        ({"a": Turn(0, 5.0), "b": Turn(0, 4.0)}, "b"),
        ({"a": Turn(1, 1.0), "b": Turn(0, 9.0)}, "b"),
        ({"a": Turn(2, 1.0), "b": Turn(2, 3.0), "c": Turn(3, 0.0)}, "a"),
        ({None: Turn(0, 0.0), "a": Turn(0, 0.0)}, None),
    ],
)
def test_whose_turn_by_hand(turns: dict[str | None, Turn], next_one: str | None) -> None:
    assert next_owner(turns) == next_one


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from(["post a", "post b", "post c", "work"]), max_size=40))
def test_nobody_starves_whoever_waits_is_served_within_a_round(steps: list[str]) -> None:
    """A model of one worker in plain Python beside the real thing: at most two others are served before any owner."""
    waiting = {"a": 0, "b": 0, "c": 0}
    last, passed_over = dict.fromkeys(waiting, 0), dict.fromkeys(waiting, 0)
    for clock, step in enumerate(steps, start=1):
        if step != "work":
            waiting[step[-1]] += 1
            continue
        there = {owner: Turn(0, last[owner]) for owner, count in waiting.items() if count}
        if not there:
            continue
        served = next_owner(there)
        assert served is not None
        waiting[served], last[served], passed_over[served] = waiting[served] - 1, clock, 0
        for owner in there.keys() - {served}:
            passed_over[owner] += 1
            assert passed_over[owner] <= 2
