"""The whole stack is told to stop in the middle of a training, and started again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from live import Stack, start_stack
from witness import DELICATE, Training, Witness, assert_same_training, post, succeeded, wait_for

SPEC = {**DELICATE, "epochs": 10}
# What is promised. The stack itself kills what has not ended after 25 s.
GONE_WITHIN_SECONDS = 30


@pytest.mark.parametrize("told", ["the supervisor", pytest.param("every process", marks=pytest.mark.full)])
def test_all_is_gone_and_after_a_start_the_job_goes_on_from_its_last_epoch(
    tmp_path: Path, undisturbed: Training, told: str
) -> None:
    stack = start_stack(tmp_path / "data")
    with stack.client as client:
        job = post(client, SPEC)
        wait_for(client, job, 2)
        # An event stream that is open must not keep the service from stopping.
        with client.stream("GET", f"/v1/jobs/{job}/events"):
            _terminate(stack, told)
    before = _epochs(stack, job)
    assert 3 <= len(before) < SPEC["epochs"] + 1

    again = start_stack(tmp_path / "data")
    try:
        with again.client as client:
            ended = succeeded(client, job)
            # Given back, an attempt is not counted; a worker that was killed with all others was one.
            assert told == "every process" or ended["attempt"] == 1
            assert _epochs(again, job)[: len(before)] == before
            witness = Witness(again)
            assert_same_training(undisturbed, witness, job)
            # It did go on, and did not begin anew: two wrote, each below its own token.
            writers = [kept.path.split("/")[2] for kept in witness.epochs(job)]
            assert writers[: len(before)] == ["t1"] * len(before)
            assert len(set(writers)) == 2
            witness.close()
    finally:
        assert again.stop() == 0


def _terminate(stack: Stack, told: str) -> None:
    for pid in [stack.process.pid] if told == "the supervisor" else stack.pids():
        os.kill(pid, signal.SIGTERM)
    assert stack.process.wait(GONE_WITHIN_SECONDS) == 0
    assert stack.pids() == []


def _epochs(stack: Stack, job: str) -> list[str]:
    witness = Witness(stack)
    paths = [kept.path for kept in witness.epochs(job)]
    witness.close()
    return paths
