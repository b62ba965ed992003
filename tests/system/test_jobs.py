"""Jobs over HTTP: keys, pages, cancelling, deleting."""

from __future__ import annotations

import uuid
from typing import Any

import httpx

from live import Stack, train, wait_for_end, wait_until

SMALL = {"dataset": "mnist", "epochs": 1, "train_samples": 64, "test_samples": 32}


def post(client: httpx.Client, **changes: Any) -> httpx.Response:
    headers = changes.pop("headers", {})
    return client.post("/v1/jobs", json={**SMALL, **changes}, headers=headers)


def test_a_job_is_accepted_with_its_place_and_its_whole_spec(client: httpx.Client) -> None:
    response = post(client, tags=["x"])
    job = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"/v1/jobs/{job['id']}" == job["links"]["self"]
    assert job["model_id"] == job["id"]
    assert uuid.UUID(job["id"]).version == 7
    assert job["spec"]["batch_size"] == 64
    assert wait_for_end(client, job["id"])["status"] == "succeeded"


def test_a_key_gives_the_same_job_for_the_same_body_and_409_for_another(client: httpx.Client) -> None:
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first, again = post(client, headers=key), post(client, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["id"] == again.json()["id"]
    # The same request, its defaults spelled out, is the same body.
    assert post(client, headers=key, seed=0).json()["id"] == first.json()["id"]
    other = post(client, headers=key, seed=1)
    assert other.status_code == 409
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    wait_for_end(client, first.json()["id"])


def test_pages_go_from_the_newest_to_the_oldest_without_gap_or_overlap(client: httpx.Client) -> None:
    tag = uuid.uuid4().hex
    made = [post(client, tags=[tag]).json()["id"] for _ in range(5)]
    seen, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page = client.get("/v1/jobs", params={"tag": tag, "limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [job["id"] for job in page["items"]]
        cursor, pages = page["next_cursor"], pages + 1
    assert seen == made[::-1]
    assert pages == 3
    for identity in made[1:]:
        client.post(f"/v1/jobs/{identity}/cancel")
    ends = {identity: wait_for_end(client, identity)["status"] for identity in made[::-1]}
    assert ends[made[0]] == "succeeded"
    for status in ("succeeded", "cancelled", "queued"):
        page = client.get("/v1/jobs", params={"tag": tag, "status": status}).json()
        assert [job["id"] for job in page["items"]] == [identity for identity, end in ends.items() if end == status]
        assert page["next_cursor"] is None


def test_cancelling_stops_a_running_job_within_a_few_batches_and_keeps_its_epochs(client: httpx.Client) -> None:
    # Batches of one sample: an epoch would take minutes, so only stopping within it can end the job soon.
    job = post(client, epochs=1000, train_samples=6000, test_samples=16, batch_size=1).json()
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as stream:
        lines = stream.iter_lines()
        assert any(line == "event: batch" for line in lines)
        assert client.post(f"/v1/jobs/{job['id']}/cancel").status_code == 202
        rest = list(lines)
    ended = client.get(f"/v1/jobs/{job['id']}").json()
    assert (ended["status"], ended["error"], ended["epochs_done"]) == ("cancelled", None, 0)
    assert "event: end" in rest
    # At most 5 batch events a second are sent, each over many batches: one may have been under way.
    assert rest.count("event: batch") <= 2
    assert client.get(f"/v1/models/{job['id']}/layers/Conv1?epoch=0").status_code == 200
    again = client.post(f"/v1/jobs/{job['id']}/cancel")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/already-ended")


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(client: httpx.Client) -> None:
    running = post(client, epochs=1000, train_samples=6000).json()
    waiting = post(client).json()
    assert client.post(f"/v1/jobs/{waiting['id']}/cancel").json()["status"] == "cancelled"
    assert client.delete(f"/v1/jobs/{running['id']}").status_code == 409
    client.post(f"/v1/jobs/{running['id']}/cancel")
    assert wait_for_end(client, running["id"])["status"] == "cancelled"
    after = client.get(f"/v1/jobs/{waiting['id']}").json()
    assert (after["status"], after["started_at"]) == ("cancelled", None)


def test_a_deleted_job_is_gone_with_its_model_and_files(client: httpx.Client, stack: Stack) -> None:
    job = train(client, **SMALL)
    folder = f"models/{job['id']}/"
    assert len(stack.files(folder)) == 2
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    for path in (f"/v1/jobs/{job['id']}", f"/v1/models/{job['id']}", f"/v1/jobs/{job['id']}/events"):
        assert client.get(path).status_code == 404
    assert stack.files(folder) == []
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 404


def test_a_model_is_looked_into_while_it_trains(client: httpx.Client) -> None:
    job = post(client, epochs=500, train_samples=640).json()
    model = f"/v1/models/{job['id']}"
    wait_until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["epochs_done"] >= 2, "two epochs")
    assert client.get(f"/v1/jobs/{job['id']}").json()["status"] == "running"
    for path in (
        "/layers/Conv1/filters.png?epoch=1",
        "/layers/Conv1/filters.png",
        "/layers/Conv1/animation.html",
        "/layers/Conv2/activations.png?image=mnist:test:3&epoch=2",
        "/predictions.json?image=mnist:test:3&epoch=0",
        "/history.png",
    ):
        assert client.get(model + path).status_code == 200, path
    running = client.get(f"/v1/jobs/{job['id']}").json()
    assert running["status"] == "running"
    assert running["eta_seconds"] > 0
    assert 0 < running["progress"] < 1
    client.post(f"/v1/jobs/{job['id']}/cancel")
    wait_for_end(client, job["id"])
