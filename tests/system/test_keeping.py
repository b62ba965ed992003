"""A job that keeps the weights of some of its epochs: those are there to look at, of the others it is told why not."""

from __future__ import annotations

import json
import re
from typing import Any

import httpx
import pytest

from live import Stack, train, wait_until

SPEC: dict[str, Any] = {
    "architecture": {
        "layers": [
            {"type": "conv2d", "name": "Conv1", "filters": 4, "kernel_size": 5, "strides": 3, "activation": "relu"},
            {"type": "flatten"},
            {"type": "dense", "units": 10, "activation": "softmax"},
        ]
    },
    "train_samples": 256,
    "test_samples": 64,
    "epochs": 8,
}


@pytest.fixture(scope="module")
def job(client: httpx.Client) -> dict[str, Any]:
    return train(client, **SPEC, keep={"every": 3, "last": 2, "best": "loss"})


def stored(stack: Stack, model_id: str) -> list[int]:
    paths = stack.files(f"models/{model_id}/")
    return sorted(int(match[1]) for path in paths if (match := re.search(r"epoch-(\d+)\.", path)))


def test_the_store_has_what_is_kept_and_nothing_else(stack: Stack, client: httpx.Client, job: dict[str, Any]) -> None:
    assert job["spec"]["keep"] == {"every": 3, "last": 2, "best": "loss"}
    model = client.get(f"/v1/models/{job['id']}").json()
    assert model["epochs_available"] == stored(stack, job["id"]) == [0, 3, 6, 7, 8]
    sizes = [len(stack.read(path)) for path in stack.files(f"models/{job['id']}/")]
    assert model["stored_bytes"] == sum(sizes)


def test_the_history_has_every_epoch(client: httpx.Client, job: dict[str, Any]) -> None:
    for query in ("", "?epoch=8"):
        assert client.get(f"/v1/models/{job['id']}/history.json{query}").json()["epoch"] == list(range(1, 9))
    assert client.get(f"/v1/models/{job['id']}/history.json?epoch=5").json()["epoch"] == list(range(1, 6))


@pytest.mark.parametrize(
    "path",
    [
        "/layers",
        "/layers/Conv1/filters.png",
        "/layers/Conv1/activations.json?image=mnist:test:0",
        "/predictions.json?image=mnist:test:0",
        "/evaluation.json",
        "/export?format=safetensors",
        "/export?format=keras",
    ],
)
def test_of_a_dropped_epoch_it_is_said_that_it_was_not_kept(
    client: httpx.Client, job: dict[str, Any], path: str
) -> None:
    here = httpx.URL(f"/v1/models/{job['id']}{path}")
    answer = client.get(here.copy_add_param("epoch", "4"))
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/epoch-not-kept"), answer.text
    assert '"every": 3' in answer.json()["detail"]
    assert client.get(here.copy_add_param("epoch", "6")).status_code == 200


def test_an_animation_shows_the_epochs_there_are(client: httpx.Client, job: dict[str, Any]) -> None:
    page = client.get(f"/v1/models/{job['id']}/layers/Conv1/animation.html").text
    facts = json.loads(page.split("const facts = ")[1].split(";\n")[0])
    assert facts["epochs"] == [0, 3, 6, 7, 8]


def test_a_job_goes_on_from_a_kept_epoch_and_shares_it_whatever_is_dropped_or_deleted(
    stack: Stack, client: httpx.Client, job: dict[str, Any]
) -> None:
    refused = client.post("/v1/jobs", json={"dataset": "mnist", "continue_from": {"model_id": job["id"], "epoch": 4}})
    assert refused.status_code == 422
    assert "not kept" in refused.json()["detail"]
    # Its parent's epochs are not its own: what it keeps is of those it trains.
    parent = train(client, **SPEC, keep="all")
    child = train(client, continue_from={"model_id": parent["id"], "epoch": 2}, epochs=3, keep={"last": 1})
    available = client.get(f"/v1/models/{child['id']}").json()["epochs_available"]
    assert available == [0, 1, 2, 5]
    assert client.delete(f"/v1/jobs/{parent['id']}").status_code == 204
    assert stored(stack, parent["id"]) == [0, 1, 2]
    assert client.get(f"/v1/models/{child['id']}/layers/Conv1/filters.png?epoch=2").status_code == 200
    assert client.delete(f"/v1/jobs/{child['id']}").status_code == 204
    assert stored(stack, parent["id"]) == stored(stack, child["id"]) == []


def test_what_would_not_fit_is_refused_with_what_would(client: httpx.Client) -> None:
    body = {"dataset": "mnist", "epochs": 1000, "compile": {"optimizer": {"name": "adam"}}}
    large = {"layers": [{"type": "flatten"}, {"type": "dense", "units": 12_000}, {"type": "dense", "units": 10}]}
    answer = client.post("/v1/jobs", json={**body, "architecture": large})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/keep"
    kept = client.post("/v1/jobs", json={**body, "architecture": large, "keep": {"every": 100}})
    assert kept.status_code == 202, kept.text
    identity = kept.json()["id"]
    client.post(f"/v1/jobs/{identity}/cancel")
    wait_until(lambda: client.get(f"/v1/jobs/{identity}").json()["status"] == "cancelled", "the end")
