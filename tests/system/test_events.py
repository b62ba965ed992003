"""The event stream: everything once, in order, also for a client that was cut off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import redis
from httpx_sse import ServerSentEvent, connect_sse

from contract import Contract
from live import Stack

SPEC = {"dataset": "mnist", "epochs": 6, "train_samples": 640, "test_samples": 64}


def follow(client: httpx.Client, job_id: str, last_event_id: str | None = None) -> Iterator[ServerSentEvent]:
    headers = {} if last_event_id is None else {"Last-Event-ID": last_event_id}
    with connect_sse(client, "GET", f"/v1/jobs/{job_id}/events", headers=headers) as source:
        # httpx-sse makes an empty event of the comment that keeps a silent stream open.
        yield from (event for event in source.iter_sse() if event.data)


def epochs(events: list[ServerSentEvent]) -> list[int]:
    return [json.loads(event.data)["epoch"] for event in events if event.event == "epoch"]


def start(client: httpx.Client, **changes: Any) -> str:
    job_id: str = client.post("/v1/jobs", json={**SPEC, **changes}).json()["id"]
    return job_id


def test_a_client_from_the_start_sees_everything_once(client: httpx.Client) -> None:
    job_id = start(client)
    events = list(follow(client, job_id))
    assert epochs(events) == [1, 2, 3, 4, 5, 6]
    assert events[0].event == "status"
    assert [event.event for event in events].count("end") == 1
    assert json.loads(events[-1].data) == {"status": "succeeded", "epochs_done": 6, "error": None}
    assert len({event.id for event in events}) == len(events)
    assert not Contract(client.get("/openapi.json").json()).faults_of_events("JobEvent", events)
    history = client.get(f"/v1/models/{job_id}/history.json").json()["history"]
    told = [json.loads(event.data)["val_loss"] for event in events if event.event == "epoch"]
    assert told == history["val_loss"]


def test_a_client_cut_off_after_every_event_sees_every_epoch_once(client: httpx.Client) -> None:
    job_id = start(client)
    seen: list[ServerSentEvent] = []
    while not seen or seen[-1].event != "end":
        following = follow(client, job_id, seen[-1].id if seen else None)
        seen.append(next(following))
        following.close()
    assert epochs(seen) == [1, 2, 3, 4, 5, 6]
    assert [event.event for event in seen].count("end") == 1


def test_after_the_end_a_late_client_gets_all_and_one_that_has_it_is_told_to_stop(client: httpx.Client) -> None:
    job_id = start(client, epochs=2)
    first = list(follow(client, job_id))
    late = list(follow(client, job_id))
    assert epochs(late) == [1, 2]
    assert late[-1].event == "end"
    for event in (first[-1], late[-1]):
        headers = {"Last-Event-ID": event.id}
        assert client.get(f"/v1/jobs/{job_id}/events", headers=headers).status_code == 204


def test_a_client_goes_on_when_the_broker_has_forgotten_the_stream(client: httpx.Client, stack: Stack) -> None:
    job_id = start(client)
    seen: list[ServerSentEvent] = []
    for event in follow(client, job_id):
        seen.append(event)
        if epochs(seen) == [1, 2]:
            break
    broker = redis.Redis.from_url(stack.settings.resolved_redis_url)
    broker.delete(f"cnnservice:events:{job_id}")
    seen += follow(client, job_id, seen[-1].id)
    assert epochs(seen) == [1, 2, 3, 4, 5, 6]
    assert seen[-1].event == "end"


def test_a_position_that_is_none_is_refused(client: httpx.Client) -> None:
    job_id = start(client, epochs=1)
    for bad in ("x", "1", "1-", "-1", "1-1-1", "9" * 30 + "-1"):
        response = client.get(f"/v1/jobs/{job_id}/events", headers={"Last-Event-ID": bad})
        assert (response.status_code, response.json()["title"]) == (422, "Invalid request"), bad
    list(follow(client, job_id))


def test_a_stream_that_is_silent_for_long_stays_open_and_goes_on(client: httpx.Client) -> None:
    # Behind a job that holds the only worker, nothing happens to this one for longer than the 15 s after which
    # a comment is sent.
    holder = start(client, epochs=1000, train_samples=6000)
    waiting = start(client, epochs=1)
    lines = []
    with client.stream("GET", f"/v1/jobs/{waiting}/events") as response:
        for line in response.iter_lines():
            lines.append(line)
            if line.startswith(":"):
                client.post(f"/v1/jobs/{holder}/cancel")
            if line == "event: end":
                break
    assert any(line.startswith(":") for line in lines)
    assert lines.count("event: epoch") == 1
