"""The broker is killed, and comes back with all it had or with nothing."""

from __future__ import annotations

import httpx
import pytest

from places import Place
from witness import DELICATE, TINY, post, succeeded, wait_for

SPEC = {**DELICATE, "epochs": 8}


@pytest.mark.parametrize("empty", [pytest.param(False, marks=pytest.mark.full), True], ids=["kept", "empty"])
def test_nothing_is_lost_and_what_runs_runs_on(client: httpx.Client, place: Place, empty: bool) -> None:
    running = post(client, SPEC)
    waiting = [post(client, TINY) for _ in range(3)]
    wait_for(client, running, 1)
    place.kill_broker(empty=empty)
    later = [post(client, TINY) for _ in range(3)]
    wait_for(client, running, 2)
    # Once more, when workers and API have connected anew.
    place.kill_broker(empty=empty)
    for job in [running, *waiting, *later]:
        assert succeeded(client, job)["attempt"] == 1
    model = f"/v1/models/{running}"
    assert client.get(f"{model}/history.json").json()["epoch"] == list(range(1, SPEC["epochs"] + 1))
    # The inspect worker has come back by itself, too.
    answer = client.get(f"{model}/predictions.json?image=mnist:test:0")
    assert answer.status_code == 200, answer.text
