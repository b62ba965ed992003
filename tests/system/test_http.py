"""What HTTP promises of every path: HEAD, OPTIONS, conditional requests in either coding, Accept."""

from __future__ import annotations

import gzip
import json
import subprocess
from typing import Any

import httpx
import numpy as np
import pytest

from live import Stack

from .test_inspection import pixels

MODEL_PATHS = (
    "",
    "/history.csv",
    "/history.svg?epoch=3",
    "/layers",
    "/layers/Conv1/filters.png?epoch=3",
    "/layers/Conv1/filters.json?epoch=3",
    "/layers/Conv1/filters.npy",
    "/layers/Conv2/animation.html",
    "/layers/Conv1/activations.png?image=mnist:test:0",
    "/predictions.json?image=mnist:test:0",
    "/export?format=safetensors",
    "/export?format=notebook",
    "/layers/Conv3/filters.png",
    "/layers/Conv1/filters.png?cmap=jet",
)
OTHER_PATHS = ("/healthz", "/openapi.json", "/v1/datasets", "/v1/datasets/mnist/test/0.png", "/v1/jobs?limit=1")
# Of what differs from one answer to the next.
OF_THE_MOMENT = {"date", "x-request-id"}


def said(response: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if name not in OF_THE_MOMENT}


@pytest.fixture(scope="module")
def model(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['id']}"


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_head_says_what_get_says_and_sends_nothing(client: httpx.Client, model: str, coding: str) -> None:
    for path in (*OTHER_PATHS, *(f"{model}{path}" for path in MODEL_PATHS)):
        get = client.get(path, headers={"Accept-Encoding": coding})
        head = client.head(path, headers={"Accept-Encoding": coding})
        assert (head.status_code, said(head), head.content) == (get.status_code, said(get), b""), path
        if "etag" in get.headers:
            known = {"Accept-Encoding": coding, "If-None-Match": get.headers["etag"]}
            assert said(client.head(path, headers=known)) == said(client.get(path, headers=known)), path


def test_head_is_nothing_new_to_the_openapi_document(client: httpx.Client) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    assert {verb for operations in paths.values() for verb in operations} <= {"get", "post", "delete"}


def test_head_of_an_event_stream_ends_at_once(client: httpx.Client, stack: Stack) -> None:
    # Behind another, this job has nothing to tell for long: curl would wait for the end of its stream.
    busy, waiting = (client.post("/v1/jobs", json={"dataset": "mnist", "epochs": 1000}).json()["id"] for _ in "ab")
    try:
        command = ["curl", "--silent", "--head", "--max-time", "60", f"{stack.url}/v1/jobs/{waiting}/events"]
        head = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert head.startswith("HTTP/1.1 200")
        assert "content-type: text/event-stream" in head
        # The connection is good for another request, as nothing follows.
        for _ in range(2):
            assert client.head(f"/v1/jobs/{waiting}/events").status_code == 200
    finally:
        for job_id in (waiting, busy):
            client.post(f"/v1/jobs/{job_id}/cancel")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/jobs", "GET, POST, HEAD, OPTIONS"),
        ("/v1/jobs/{id}", "GET, DELETE, HEAD, OPTIONS"),
        ("/v1/jobs/{id}/cancel", "POST, OPTIONS"),
        ("/v1/datasets/mnist", "GET, DELETE, HEAD, OPTIONS"),
        ("/v1/models/{id}/predictions", "POST, OPTIONS"),
        ("/v1/models/{id}/layers/Conv1/filters.png", "GET, HEAD, OPTIONS"),
        ("/v1/jobs/{id}/events", "GET, HEAD, OPTIONS"),
        ("/openapi.json", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_path_says_which_methods_it_has(
    client: httpx.Client, notebook_job: dict[str, Any], path: str, allowed: str
) -> None:
    path = path.replace("{id}", notebook_job["id"])
    options = client.options(path)
    assert (options.status_code, options.headers["allow"], options.content) == (204, allowed, b"")
    refused = client.patch(path)
    assert (refused.status_code, refused.headers["allow"]) == (405, allowed)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == f"PATCH is not allowed at {path}; allowed: {allowed}."
    if "HEAD" not in allowed:
        assert (client.head(path).status_code, client.head(path).headers["allow"]) == (405, allowed)


def test_options_of_a_path_that_is_not_there_is_not_found(client: httpx.Client) -> None:
    answer = client.options("/v1/nothing")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_json_has_a_strong_tag_in_either_coding_and_is_asked_for_again_by_both(
    client: httpx.Client, model: str
) -> None:
    url = f"{model}/history.json?epoch=30"
    with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as response:
        wire, packed = b"".join(response.iter_raw()), response.headers["etag"]
        assert response.headers["content-encoding"] == "gzip"
    answer = client.get(url, headers={"Accept-Encoding": "identity"})
    plain = answer.headers["etag"]
    assert (gzip.decompress(wire), len(wire) < len(answer.content)) == (answer.content, True)
    assert packed == f'{plain[:-1]}-gzip"'
    assert answer.headers["vary"] == "Accept-Encoding, Origin"
    for tag in (packed, plain):
        for coding in ("gzip", "identity"):
            again = client.get(url, headers={"Accept-Encoding": coding, "If-None-Match": f'"other", {tag}'})
            assert (again.status_code, again.headers["etag"], again.content) == (304, tag, b"")
    assert client.get(url.replace("=30", "=29"), headers={"If-None-Match": packed}).status_code == 200


def test_pictures_arrays_and_weights_are_sent_as_they_are(client: httpx.Client, model: str) -> None:
    for path in (
        "/layers/Conv2/filters.png",
        "/layers/Conv2/filters.npy",
        "/layers/Conv2/animation.gif",
        "/export?format=safetensors",
    ):
        answer = client.get(f"{model}{path}", headers={"Accept-Encoding": "gzip"})
        assert (answer.headers["vary"], int(answer.headers["content-length"])) == ("Origin", len(answer.content)), path
        assert "content-encoding" not in answer.headers
        assert "-gzip" not in answer.headers["etag"]


def test_the_ending_of_a_path_is_its_format_whatever_is_accepted(client: httpx.Client, model: str) -> None:
    for ending, accept in {"png": "application/json", "json": "image/png"}.items():
        answer = client.get(f"{model}/layers/Conv1/filters.{ending}", headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"].endswith(ending)


@pytest.mark.parametrize("path", ["activations?layer=Conv1", "predictions?scale=8&gap=0&cols=10"])
def test_what_is_asked_for_by_accept_is_json_or_a_grid_or_refused(client: httpx.Client, model: str, path: str) -> None:
    def ask(accept: str) -> httpx.Response:
        return client.post(f"{model}/{path}", json={"image": "mnist:test:0"}, headers={"Accept": accept})

    for accept in ("*/*", "application/json;q=0.5, image/png;q=0.4", "text/html, */*;q=0.1"):
        assert ask(accept).headers["content-type"] == "application/json", accept
    for accept in ("image/png", "image/*", "application/json;q=0.4, image/png;q=0.5"):
        answer = ask(accept)
        assert (answer.headers["content-type"], answer.content[:4]) == ("image/png", b"\x89PNG"), accept
        assert "Accept" in answer.headers["vary"].split(", ")
    refused = ask("text/html, image/webp")
    assert (refused.status_code, refused.json()["type"]) == (406, "/problems/not-acceptable")
    assert "application/json or image/png" in refused.json()["detail"]


def test_the_picture_of_a_prediction_is_a_tile_a_class_as_bright_as_it_is_probable(
    client: httpx.Client, model: str
) -> None:
    url, body = f"{model}/predictions?scale=8&gap=0&cols=10", {"image": "mnist:test:8"}
    probabilities = np.array(client.post(url, json=body).json()["probabilities"])
    picture = pixels(client.post(url, json=body, headers={"Accept": "image/png"}))
    tiles = picture.reshape(8, 10, 8, *picture.shape[2:])
    expected = (probabilities - probabilities.min()) / np.ptp(probabilities) * 255
    np.testing.assert_allclose(tiles[4, :, 4].reshape(10, -1)[:, 0], expected, atol=1)
    assert json.loads(client.post(url, json=body).text)["top"][0]["class"] == int(np.argmax(probabilities))
