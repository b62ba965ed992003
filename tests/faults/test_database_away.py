"""The database is locked, slow or gone: requests are told so, and trainings outlast it."""

from __future__ import annotations

import threading
import time
import uuid

import httpx
import pytest

from places import Place
from witness import DELICATE, TINY, Training, Witness, assert_same_training, post, succeeded, wait_for

# An epoch ends when it is in the database: few of them outlast any outage.
SPEC = {**DELICATE, "epochs": 8}


@pytest.mark.everywhere
@pytest.mark.parametrize("harm", ["locked", pytest.param("slow", marks=pytest.mark.full), "gone"])
def test_requests_get_503_and_running_jobs_catch_up(
    client: httpx.Client, place: Place, witness: Witness, undisturbed: Training, harm: str, full: bool
) -> None:
    job = post(client, SPEC)
    waiting = post(client, TINY)
    wait_for(client, job, 2)
    key = {"Idempotency-Key": str(uuid.uuid4())}
    answers: list[httpx.Response] = []
    with place.database_is(harm):
        until = time.monotonic() + (20 if full else 5)
        while time.monotonic() < until:
            # Longer than a lease, and with requests all the while, which must all be answered.
            for response in (
                client.post("/v1/jobs", json=TINY, headers=key),
                client.get(f"/v1/jobs/{job}"),
                client.get(f"/v1/models/{job}/layers/Conv1/filters.png?epoch=1"),
            ):
                answers.append(response)
            threading.Event().wait(0.2)
    for response in answers:
        assert response.status_code in (200, 202, 503), response.text
        if response.status_code == 503:
            assert int(response.headers["Retry-After"]) > 0
            assert response.json()["type"] == "/problems/database-unavailable"
    posts = answers[::3]
    assert any(response.status_code == 503 for response in posts)
    # While another holds the lock nearly all the time, one may come through.
    assert harm == "slow" or all(response.status_code == 503 for response in posts)
    made = client.post("/v1/jobs", json=TINY, headers=key)
    assert {made.json()["id"], *(answer.json()["id"] for answer in posts if answer.status_code == 202)} == {
        made.json()["id"]
    }
    ended = succeeded(client, job)
    assert ended["attempt"] == 1, "it was taken from its worker while the database was away"
    assert len(witness.epochs(job)) == SPEC["epochs"] + 1
    for other in (waiting, made.json()["id"]):
        assert succeeded(client, other)["epochs_done"] == 1
    assert_same_training(undisturbed, witness, job)
