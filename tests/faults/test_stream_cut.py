"""An event stream is cut off again and again: with Last-Event-ID every epoch is seen once."""

from __future__ import annotations

import json
import random

import httpx
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from places import Place
from witness import DELICATE, post

CUTS = 20


@pytest.mark.parametrize("broker", [pytest.param("stays", marks=pytest.mark.full), "is killed, too"])
def test_a_client_that_is_cut_off_twenty_times_sees_every_epoch_once(
    client: httpx.Client, place: Place, broker: str
) -> None:
    job = post(client, DELICATE)
    at_random = random.Random(broker)
    seen: list[ServerSentEvent] = []
    cuts = 0
    while not seen or seen[-1].event != "end":
        # Also after no event at all; never again when it has been cut off often enough.
        events = at_random.randrange(4) if cuts < CUTS else 10_000
        seen += _follow(client, job, seen[-1].id if seen else None, events)
        cuts += 1
        if broker != "stays" and cuts in (7, 14):
            place.kill_broker(empty=cuts == 14)
    assert cuts > CUTS
    epochs = [json.loads(event.data)["epoch"] for event in seen if event.event == "epoch"]
    assert epochs == list(range(1, DELICATE["epochs"] + 1))
    assert [event.event for event in seen].count("end") == 1


def _follow(client: httpx.Client, job: str, last: str | None, events: int) -> list[ServerSentEvent]:
    seen: list[ServerSentEvent] = []
    headers = {} if last is None else {"Last-Event-ID": last}
    with connect_sse(client, "GET", f"/v1/jobs/{job}/events", headers=headers) as source:
        for event in source.iter_sse():
            if len(seen) >= events:
                break
            if event.data:  # else the comment that keeps a silent stream open
                seen.append(event)
    return seen
