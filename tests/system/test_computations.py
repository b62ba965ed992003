"""Long computations: asked for once, waited for a while, followed to the end, and done whatever dies meanwhile."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import numpy as np
import obstore
import pytest
from httpx_sse import ServerSentEvent, connect_sse

from computing import begun, ended, place, train_wide
from live import Stack, train

SPEC: dict[str, Any] = {"train_samples": 128, "test_samples": 300, "epochs": 1}


@pytest.fixture(scope="module")
def model(client: httpx.Client) -> str:
    return str(train(client, **SPEC)["id"])


def follow(client: httpx.Client, url: str) -> Iterator[ServerSentEvent]:
    with connect_sse(client, "GET", url) as source:
        yield from (event for event in source.iter_sse() if event.data)


@pytest.fixture(scope="module")
def wide(client: httpx.Client) -> str:
    return train_wide(client)


@pytest.fixture
def links(client: httpx.Client, wide: str, numbers: Iterator[int]) -> dict[str, str]:
    return begun(client, wide, next(numbers))


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Of images to ask for: never the same, so that nothing is there already."""
    return itertools.count(10)


def test_the_images_are_those_with_the_greatest_activations(client: httpx.Client, model: str) -> None:
    answer = client.get(place(model, "Conv2"), params={"count": 3})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert [row["filter"] for row in told["filters"]] == list(range(64))
    maps = []
    for image in range(300):
        query = {"image": f"mnist:test:{image}"}
        content = client.get(f"/v1/models/{model}/layers/Conv2/activations.npy", params=query).content
        maps.append(np.frombuffer(content[-4 * 64 * 8 * 8 :], np.float32).reshape(64, 8, 8))
    activations = np.array(maps)
    greatest = activations.max(axis=(2, 3))
    for row in told["filters"]:
        of_filter = greatest[:, row["filter"]]
        values = [image["value"] for image in row["images"]]
        np.testing.assert_allclose(values, np.sort(of_filter)[::-1][:3], rtol=1e-5, atol=1e-6)
        for image in row["images"]:
            index = int(image["image"].removeprefix("mnist:test:"))
            assert of_filter[index] == pytest.approx(image["value"], rel=1e-5, abs=1e-6)
            at_position = activations[(index, row["filter"], *image["position"])]
            assert at_position == pytest.approx(image["value"], rel=1e-5, abs=1e-6)


def test_of_a_layer_without_maps_there_are_no_positions(client: httpx.Client, model: str) -> None:
    told = client.get(place(model, "FC2"), params={"count": 1}).json()
    assert [row["images"][0]["position"] for row in told["filters"]] == [[]] * 10


def test_what_is_asked_twice_is_computed_once(client: httpx.Client, stack: Stack, model: str) -> None:
    with stack.client as other, ThreadPoolExecutor(4) as clients:
        answers = list(clients.map(lambda _: other.get(place(model), params={"count": 2, "wait": 30}), range(4)))
    late = client.get(place(model), params={"count": 2, "epoch": 1})
    assert {answer.status_code for answer in [*answers, late]} == {200}
    assert {answer.content for answer in answers} == {late.content}
    assert {answer.headers["etag"] for answer in answers} == {late.headers["etag"]}
    assert "immutable" in late.headers["cache-control"]
    not_modified = client.get(place(model), params={"count": 2}, headers={"If-None-Match": late.headers["etag"]})
    assert not_modified.status_code == 304
    accepted = client.get(place(model), params={"count": 2, "wait": 0})
    assert accepted.status_code == 200, "a result that is there needs no waiting"


def test_who_does_not_wait_is_told_where_to_look(client: httpx.Client, model: str) -> None:
    accepted = client.get(place(model), params={"count": 4, "wait": 0})
    assert accepted.status_code == 202, accepted.text
    assert accepted.headers["cache-control"] == "no-store"
    assert int(accepted.headers["retry-after"]) > 0
    told = accepted.json()
    assert told["links"]["self"] == accepted.headers["location"]
    assert told["arguments"] == {"epoch": 1, "layer": "Conv1", "count": 4}
    assert told["links"]["result"] == f"{place(model)}?count=4&epoch=1"
    document = ended(client, told["links"]["self"])
    assert (document["status"], document["progress"], document["error"]) == ("succeeded", 1.0, None)
    assert document["created_at"] <= document["started_at"] <= document["ended_at"]
    assert client.get(document["links"]["result"]).status_code == 200


def test_the_event_stream_tells_progress_and_the_end(client: httpx.Client, links: dict[str, str]) -> None:
    events = list(follow(client, links["events"]))
    assert (events[0].event, json.loads(events[0].data)) == ("status", {"status": "running", "attempt": 1})
    assert [event.event for event in events].count("end") == 1
    told = [json.loads(event.data) for event in events if event.event == "progress"]
    fractions = [body["progress"] for body in told]
    assert fractions == sorted(fractions)
    assert len(fractions) > 1
    assert all("of 1000" in body["message"] for body in told)
    end = json.loads(events[-1].data)
    assert (events[-1].event, end["status"], end["error"]) == ("end", "succeeded", None)
    assert client.get(end["links"]["result"]).status_code == 200
    assert client.get(links["events"], headers={"Last-Event-ID": events[-1].id}).status_code == 204
    again = [event.event for event in follow(client, links["events"])]
    assert again == ["end"], "a late client learns how it ended"


def test_activations_are_answered_while_a_computation_runs(
    client: httpx.Client, model: str, links: dict[str, str]
) -> None:
    answer = client.get(f"/v1/models/{model}/layers/Conv1/activations.json?image=mnist:test:7")
    assert answer.status_code == 200
    assert client.get(links["self"]).json()["status"] == "running"
    assert ended(client, links["self"])["status"] == "succeeded"


def test_a_deleted_computation_stops_and_leaves_nothing(
    client: httpx.Client, stack: Stack, model: str, links: dict[str, str], numbers: Iterator[int]
) -> None:
    assert client.delete(links["self"]).status_code == 204
    assert client.get(links["self"]).status_code == 404
    assert client.get(links["events"]).status_code == 404
    assert client.delete(links["self"]).status_code == 404
    # The worker takes the next one when it has left this one.
    assert client.get(place(model), params={"count": next(numbers), "wait": 60}).status_code == 200
    identity = links["self"].rsplit("/", 1)[1]
    assert not any(identity in path for path in stack.files("analysis/"))


def test_results_go_with_their_model(client: httpx.Client, stack: Stack) -> None:
    job = train(client, **SPEC, architecture="mlp")
    assert client.get(place(job["id"], "FC1")).status_code == 200
    assert len(stack.files(f"analysis/{job['id']}/")) == 1
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert stack.files(f"analysis/{job['id']}/") == []


@pytest.mark.parametrize("harm", ["damaged", "missing"])
def test_a_result_that_is_no_longer_whole_is_computed_anew(
    client: httpx.Client, stack: Stack, model: str, harm: str
) -> None:
    query = {"count": {"damaged": 6, "missing": 7}[harm]}
    links = client.get(place(model), params={**query, "wait": 0}).json()["links"]
    ended(client, links["self"])
    whole = client.get(links["result"])
    path = f"analysis/{model}/{links['self'].rsplit('/', 1)[1]}.safetensors"
    stored = stack.read(path)
    if harm == "missing":
        obstore.delete(stack.store, path)
    else:
        stack.write(path, stored[:-1] + bytes([stored[-1] ^ 1]))
    again = client.get(place(model), params=query)
    assert (again.status_code, again.content) == (200, whole.content)
    assert stack.read(path) == stored


def test_a_failed_computation_is_told_as_a_problem(client: httpx.Client, stack: Stack) -> None:
    job = train(client, **SPEC, architecture="mlp")
    stack.write(stack.epoch_path(job["id"], 1), b"")
    answer = client.get(place(job["id"], "FC1"))
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/damaged-file")
    client.delete(f"/v1/jobs/{job['id']}")


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ({"wait": 60}, 200, ""),
        ({"wait": 60.5}, 422, "at most 60"),
        ({"wait": -1}, 422, "greater than or equal to 0"),
        ({"count": 0}, 422, "greater than or equal to 1"),
        ({"epoch": 2}, 404, "0 to 1"),
    ],
)
def test_what_is_not_allowed_is_refused(
    client: httpx.Client, model: str, query: dict[str, Any], status: int, says: str
) -> None:
    answer = client.get(place(model), params=query)
    assert answer.status_code == status
    assert says in answer.text


def test_who_does_not_say_how_long_waits_as_the_setting_says(strict_stack: Stack) -> None:
    with strict_stack.client as client:
        url = place(train(client, **SPEC, architecture="mlp")["id"], "FC1")
        accepted = client.get(url)
        assert accepted.status_code == 202
        assert client.get(url, params={"wait": 60}).status_code == 200


def test_an_unknown_computation_is_not_found(client: httpx.Client) -> None:
    answer = client.get("/v1/computations/none")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/unknown-computation")
