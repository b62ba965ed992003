"""Tickets, with which an EventSource opens a stream."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import datetime
from typing import Any

import httpx
import pytest
import redis

from live import Stack

from .test_errors import UNKNOWN_ID, problem


@pytest.fixture(scope="module")
def path(notebook_job: dict[str, Any]) -> str:
    return f"/v1/jobs/{notebook_job['id']}/events"


def get_ticket(client: httpx.Client, path: str) -> dict[str, str]:
    answer = client.post("/v1/tickets", json={"path": path})
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store"), answer.text
    ticket: dict[str, str] = answer.json()
    return ticket


def lines(client: httpx.Client, url: str, **headers: str) -> list[str]:
    answer = client.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text.splitlines()


def test_a_ticket_opens_its_stream_more_than_once(client: httpx.Client, path: str) -> None:
    before = time.time()
    ticket = get_ticket(client, path)
    assert ticket.keys() == {"ticket", "path", "url", "expires_at"}
    assert (ticket["path"], ticket["url"]) == (path, f"{path}?ticket={ticket['ticket']}")
    assert before + 60 <= datetime.fromisoformat(ticket["expires_at"]).timestamp() <= time.time() + 60
    without = lines(client, path)
    assert without.count("event: epoch") == 30
    for _ in range(2):
        assert lines(client, ticket["url"]) == without


def test_tickets_differ_and_redis_has_only_their_hash_and_not_for_long(
    client: httpx.Client, stack: Stack, path: str
) -> None:
    tickets = [get_ticket(client, path)["ticket"] for _ in range(3)]
    assert len(set(tickets)) == 3
    # 22 characters of base64 are 132 bits.
    assert min(map(len, tickets)) >= 22
    broker = redis.Redis.from_url(stack.settings.resolved_redis_url)
    for text in tickets:
        key = f"cnnservice:ticket:{hashlib.sha256(text.encode()).hexdigest()}"
        assert json.loads(broker.get(key) or b"") == {"path": path, "key_id": None}  # type: ignore[arg-type]
        assert 0 < broker.pttl(key) <= 60_000  # type: ignore[operator]
        assert not list(broker.scan_iter(f"*{text}*"))


def test_one_that_has_lapsed_or_never_was_is_refused_with_how_to_get_another(
    client: httpx.Client, stack: Stack, path: str
) -> None:
    lapsed = get_ticket(client, path)
    key = f"cnnservice:ticket:{hashlib.sha256(lapsed['ticket'].encode()).hexdigest()}"
    assert redis.Redis.from_url(stack.settings.resolved_redis_url).expire(key, 0)
    for url in (lapsed["url"], f"{path}?ticket=made-up", f"{path}?ticket="):
        answer = client.get(url)
        detail = problem(answer, 401, "unknown-ticket")["detail"]
        assert "lives 60 s and opens one path" in detail
        assert f'POST /v1/tickets {{"path": "{path}"}}' in detail
        assert answer.headers["www-authenticate"] == "Bearer"


def test_one_for_another_path_is_refused(client: httpx.Client, path: str) -> None:
    other = client.post("/v1/jobs", json={"dataset": "mnist", "epochs": 1, "train_samples": 64, "test_samples": 8})
    stream = other.json()["links"]["events"]
    ticket = get_ticket(client, path)["ticket"]
    assert path in problem(client.get(f"{stream}?ticket={ticket}"), 403, "ticket-for-another-path")["detail"]


def test_a_ticket_is_for_a_stream_that_there_is(client: httpx.Client, notebook_job: dict[str, Any]) -> None:
    job = f"/v1/jobs/{notebook_job['id']}"
    for path in (job, f"{job}/events?x=1", f"{job}/events/", f"http://x{job}/events", "/v1/jobs//events", "", "/"):
        document = problem(client.post("/v1/tickets", json={"path": path}), 422, "not-a-stream")
        assert "/v1/jobs/<id>/events and /v1/computations/<id>/events" in document["detail"]
        assert document["errors"][0]["pointer"] == "/path"
    problem(client.post("/v1/tickets", json={}), 422, "invalid")
    for kind, code in (("jobs", "unknown-job"), ("computations", "unknown-computation")):
        problem(client.post("/v1/tickets", json={"path": f"/v1/{kind}/{UNKNOWN_ID}/events"}), 404, code)


def test_a_computation_s_stream_opens_too(client: httpx.Client, notebook_job: dict[str, Any]) -> None:
    asked = client.get(f"/v1/models/{notebook_job['id']}/layers/FC2/top_images.json", params={"count": 1, "wait": 0})
    if asked.status_code == 200:  # another test has asked before
        pytest.skip("it was computed within no time")
    stream = asked.json()["links"]["events"]
    told = lines(client, get_ticket(client, stream)["url"])
    assert told.count("event: end") == 1
    answer = client.get(f"{stream}?last_event_id=end")
    assert (answer.status_code, answer.content) == (204, b"")


def test_the_last_event_seen_may_stand_in_the_query_and_the_header_wins(client: httpx.Client, path: str) -> None:
    whole = lines(client, path)
    ids = [line.removeprefix("id: ") for line in whole if line.startswith("id: ")]
    tenth, end = ids[10], ids[-1]
    resumed = lines(client, f"{path}?last_event_id={tenth}")
    assert resumed == lines(client, path, **{"Last-Event-ID": tenth})
    assert resumed.count("event: epoch") == 20
    assert client.get(f"{path}?last_event_id={end}").status_code == 204
    assert lines(client, f"{path}?last_event_id={end}", **{"Last-Event-ID": tenth}) == resumed
    document = problem(client.get(f"{path}?last_event_id=x"), 422, "invalid")
    assert document["errors"][0]["pointer"] == "?last_event_id"
