"""Bad input gets a problem document that says what is allowed."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import pytest
from PIL import Image

UNKNOWN_ID = "01990000-0000-7000-8000-000000000000"


def problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The document, after what every one of them must hold."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = response.json()
    assert document["status"] == status
    assert document["type"] == f"/problems/{kind}"
    assert document["instance"] == response.request.url.path
    assert document["title"]
    assert "Traceback" not in response.text
    return document


def conv(**arguments: Any) -> dict[str, Any]:
    return {"layers": [{"type": "conv2d", "filters": 2, "kernel_size": 3, "name": "C", **arguments}, *TAIL]}


TAIL = [{"type": "flatten"}, {"type": "dense", "units": 10}]


@pytest.mark.parametrize(
    ("body", "kind", "pointer", "said"),
    [
        ({}, "invalid", "/dataset", "required"),
        ({"dataset": "nope"}, "invalid", "/dataset", "there are: mnist"),
        ({"dataset": "mnist", "epochs": 0}, "invalid", "/epochs", "greater than or equal to 1"),
        ({"dataset": "mnist", "epochs": 1001}, "limit-exceeded", "/epochs", "at most 1000"),
        ({"dataset": "mnist", "epochs": "many"}, "invalid", "/epochs", "integer"),
        ({"dataset": "mnist", "epoch": 3}, "invalid", "/epoch", "not a known field"),
        ({"dataset": "mnist", "train_samples": 60001}, "too-many-samples", "/train_samples", "at most 60000"),
        ({"dataset": "mnist", "batch_size": 5000}, "limit-exceeded", "/batch_size", "at most 4096"),
        ({"dataset": "mnist", "architecture": "vgg"}, "unknown-preset", None, "known: cnn, cnn_two_filters"),
        ({"dataset": "mnist", "tags": ["a b"]}, "invalid", "/tags/0", "pattern"),
        ({"dataset": "mnist", "seed": -1}, "invalid", "/seed", "greater than or equal to 0"),
        (
            {"dataset": "mnist", "compile": {"optimizer": {"name": "sgd", "learning_rate": -1}}},
            "invalid",
            "/compile/optimizer/learning_rate",
            "greater than 0",
        ),
        (
            {"dataset": "mnist", "compile": {"optimizer": {"name": "magic"}}},
            "invalid",
            "/compile/optimizer",
            "'sgd', 'adam'",
        ),
        (
            {"dataset": "mnist", "architecture": conv(kernel_size=29)},
            "impossible-architecture",
            "/architecture/layers/0",
            "larger than its input 28x28",
        ),
        (
            {"dataset": "mnist", "architecture": conv(filters=-1)},
            "invalid",
            "/architecture/layers/0/filters",
            "greater than or equal to 1",
        ),
        (
            {"dataset": "mnist", "architecture": conv(type="lambda")},
            "invalid",
            "/architecture/layers/0",
            "'conv2d'",
        ),
        (
            {"dataset": "mnist", "architecture": {"layers": TAIL[:1]}},
            "impossible-architecture",
            "/architecture/layers/0",
            "must make [10]",
        ),
    ],
)
def test_a_bad_job_is_refused_and_nothing_is_queued(
    client: httpx.Client, body: dict[str, Any], kind: str, pointer: str | None, said: str
) -> None:
    # By its id: the newest may be training meanwhile.
    before = client.get("/v1/jobs?limit=1").json()["items"][0]["id"]
    document = problem(client.post("/v1/jobs", json=body), 422, kind)
    if pointer is not None:
        assert pointer in [error["pointer"] for error in document["errors"]]
    assert said in document["detail"]
    assert client.get("/v1/jobs?limit=1").json()["items"][0]["id"] == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"mnist"', b"{" * 5000])
def test_a_body_that_is_no_job_is_refused(client: httpx.Client, content: bytes) -> None:
    response = client.post("/v1/jobs", content=content, headers={"Content-Type": "application/json"})
    problem(response, 422, "invalid")


def test_a_body_over_the_limit_is_not_read(client: httpx.Client) -> None:
    body = json.dumps({"dataset": "mnist", "tags": ["x" * (1 << 20)]})
    response = client.post("/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    assert "1048576 bytes" in problem(response, 413, "body-too-large")["detail"]


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
@pytest.mark.parametrize("identity", [UNKNOWN_ID, "nope", "%00", "a" * 300])
def test_an_unknown_job_is_not_found(client: httpx.Client, verb: str, identity: str) -> None:
    problem(client.request(verb, f"/v1/jobs/{identity}"), 404, "unknown-job")


@pytest.mark.parametrize(
    ("path", "status", "kind", "said"),
    [
        ("?epoch=31", 404, "unknown-epoch", "0 to 30"),
        ("?epoch=-1", 422, "invalid", "whole number from 0"),
        ("?epoch=first", 422, "invalid", "'last'"),
        ("?epoch=99999999999999999999", 422, "invalid", "whole number"),
        ("/layers/Conv3", 404, "unknown-layer", "Conv1, MaxPool1, Conv2"),
        ("/layers/Conv3/filters.png", 404, "unknown-layer", "Conv1, MaxPool1, Conv2"),
        ("/layers/Conv3/activations.png?image=mnist:test:0", 404, "unknown-layer", "Conv1"),
        ("/layers/MaxPool1/filters.png", 422, "no-kernel", "Conv1, Conv2"),
        ("/layers/Conv1/filters.png?channel=1", 422, "channel-out-of-range", "0"),
        ("/layers/Conv1/filters.png?channel=x", 422, "invalid", "'all'"),
        ("/layers/Conv1/filters.png?start=32", 422, "slice-out-of-range", "31"),
        ("/layers/Conv1/filters.png?count=33", 422, "slice-out-of-range", "32"),
        ("/layers/Conv1/filters.png?sample=33", 422, "slice-out-of-range", "32"),
        ("/layers/Conv1/filters.png?sample=3&start=1", 422, "invalid", "cannot be combined"),
        ("/layers/Conv1/filters.png?cmap=jet", 422, "unknown-colormap", "viridis"),
        ("/layers/Conv1/filters.png?normalize=all", 422, "invalid", "symmetric"),
        ("/layers/Conv1/filters.png?scale=257", 422, "invalid", "256"),
        ("/layers/Conv2/filters.png?channel=all&scale=256", 422, "limit-exceeded", "MAX_PICTURE_PIXELS"),
        ("/layers/Conv1/filters.png?colour=red", 422, "invalid", "not a known field"),
        ("/layers/Conv1/animation.html?cmap=jet", 422, "unknown-colormap", "viridis"),
        ("/layers/Conv1/activations.png", 422, "invalid", "image"),
        ("/layers/Conv1/activations.png?image=7", 422, "bad-reference", "mnist:test:0"),
        ("/layers/Conv1/activations.png?image=mnist:test:1000", 404, "index-out-of-range", "0 to 999"),
        ("/layers/Conv1/activations.png?image=mnist:valid:0", 404, "unknown-split", "train, test"),
        ("/layers/Conv1/activations.png?image=emnist:test:0", 404, "unknown-dataset", "mnist"),
        (f"/predictions.json?image=upload:{'0' * 64}", 404, "unknown-upload", "POST /v1/images"),
        ("/predictions.json?image=mnist:test:0&invert=maybe", 422, "invalid", "'auto'"),
    ],
)
def test_a_bad_view_is_refused_with_what_is_allowed(
    client: httpx.Client, notebook_job: dict[str, Any], path: str, status: int, kind: str, said: str
) -> None:
    document = problem(client.get(f"/v1/models/{notebook_job['id']}{path}"), status, kind)
    assert said in document["detail"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/v1/datasets/nope", 404, "unknown-dataset"),
        ("/v1/datasets/mnist/test/1000.png", 404, "index-out-of-range"),
        ("/v1/datasets/mnist/valid/0.png", 422, "invalid"),
        ("/v1/datasets/mnist/train/images.png?rows=0", 422, "invalid"),
        ("/v1/datasets/mnist/train/images.png?start=6000", 404, "index-out-of-range"),
        (f"/v1/models/{UNKNOWN_ID}", 404, "unknown-job"),
        ("/v1/jobs?limit=201", 422, "limit-exceeded"),
        ("/v1/jobs?cursor=zzz", 422, "invalid"),
        ("/v1/jobs?status=done", 422, "invalid"),
        ("/v1/nothing", 404, "not-found"),
    ],
)
def test_other_paths_are_refused_alike(client: httpx.Client, path: str, status: int, kind: str) -> None:
    problem(client.get(path), status, kind)


def test_a_method_that_is_not_allowed_names_those_that_are(client: httpx.Client) -> None:
    response = client.put("/v1/jobs")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET, POST, HEAD, OPTIONS"


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (width, height)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (b"", 422, "no-image"),
        (b"hello", 422, "not-an-image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 422, "not-an-image"),
        (png(28, 28)[:45], 422, "not-an-image"),
        (png(5001, 5000), 413, "image-too-large"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * (10 << 20), 413, "upload-too-large"),
    ],
)
def test_a_file_that_is_no_image_is_refused_everywhere(
    client: httpx.Client, notebook_job: dict[str, Any], content: bytes, status: int, kind: str
) -> None:
    model = f"/v1/models/{notebook_job['id']}"
    for path in ("/v1/images", f"{model}/predictions", f"{model}/activations?layer=Conv1"):
        problem(client.post(path, files={"file": ("x.png", content, "image/png")}), status, kind)


def test_a_body_that_holds_no_image_is_refused(client: httpx.Client, notebook_job: dict[str, Any]) -> None:
    url = f"/v1/models/{notebook_job['id']}/predictions"
    problem(client.post(url, content=b"x", headers={"Content-Type": "text/plain"}), 415, "wrong-content-type")
    problem(client.post(url), 415, "wrong-content-type")
    problem(client.post(url, json={"picture": "mnist:test:0"}), 422, "no-image")
    problem(client.post(url, files={"picture": ("x.png", png(1, 1))}), 422, "no-image")
    problem(client.post(url, data={"file": "text"}, files={"y": ("y", b"1")}), 422, "no-image")
    problem(client.post("/v1/images", files={"picture": ("x.png", png(1, 1))}), 422, "invalid")
    bad_form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post(url, content=b"--x\r\nbroken", headers=bad_form).status_code in (400, 422)


def test_an_architecture_is_validated_or_refused(client: httpx.Client) -> None:
    url = "/v1/architectures/validate"
    good = client.post(url, json={"dataset": "mnist", "architecture": "cnn"}).json()
    assert good["params"] == 155_606
    assert good["layers"][0]["formula"] == "5*5*1*32+32"
    problem(client.post(url, json={"dataset": "x", "architecture": "cnn"}), 422, "invalid")
    impossible = {"dataset": "mnist", "architecture": conv(kernel_size=[3, 30])}
    problem(client.post(url, json=impossible), 422, "impossible-architecture")
