"""Disk or bucket are full in the middle of an epoch's write."""

from __future__ import annotations

import threading

import httpx
import pytest

from places import Place
from witness import DELICATE, TINY, Training, Witness, assert_same_training, ended, post, succeeded, wait_for

SPEC = {**DELICATE, "epochs": 8}


@pytest.mark.everywhere
def test_a_job_waits_for_room_and_goes_on(
    client: httpx.Client, place: Place, witness: Witness, undisturbed: Training
) -> None:
    job = post(client, SPEC)
    wait_for(client, job, 2)
    with place.store_is_full():
        threading.Event().wait(4)
        stored = len(witness.epochs(job))
        assert stored < SPEC["epochs"] + 1
        _assert_all_whole(client, witness, job)
    assert succeeded(client, job)["attempt"] == 1
    assert_same_training(undisturbed, witness, job)


@pytest.mark.everywhere
def test_a_job_fails_with_that_reason_when_there_is_no_room_for_long(
    client: httpx.Client, place: Place, witness: Witness
) -> None:
    job = post(client, SPEC)
    wait_for(client, job, 2)
    with place.store_is_full():
        failed = ended(client, job)
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "store-unavailable"
    assert any(reason in failed["error"]["detail"] for reason in ("No space left on device", "507")), failed["error"]
    stored = _assert_all_whole(client, witness, job)
    assert 3 <= stored < SPEC["epochs"] + 1
    # Nothing else lies there, and what was stored can be gone on from.
    assert len(place.stack.files(f"models/{job}/")) == stored
    child = post(client, {"dataset": "mnist", "epochs": 1, "continue_from": {"model_id": job, "epoch": stored - 1}})
    assert succeeded(client, child)["epochs_done"] == 1
    assert succeeded(client, post(client, TINY))["attempt"] == 1


def _assert_all_whole(client: httpx.Client, witness: Witness, job: str) -> int:
    stored = len(witness.states(job))
    for epoch in range(stored):
        assert client.get(f"/v1/models/{job}/layers/Conv1/filters.png?epoch={epoch}").status_code == 200
    assert client.get(f"/v1/models/{job}/layers/Conv1/filters.png?epoch={stored}").status_code == 404
    return stored
