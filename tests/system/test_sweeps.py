"""Sweeps on a real stack: trials that stop and trials that go on, exactly; what is refused; cancelling and deleting."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest

from live import Stack, train, wait_for_end, wait_until

RATE = "/compile/optimizer/learning_rate"
# Random states and moments, which the next rung must go on with.
BASE: dict[str, Any] = {
    "dataset": "mnist",
    "train_samples": 256,
    "test_samples": 64,
    "batch_size": 32,
    "epochs": 2,
    "compile": {"optimizer": {"name": "adam"}},
    "architecture": {
        "layers": [
            {"type": "flatten"},
            {"type": "dropout", "rate": 0.3},
            {"type": "dense", "name": "Output", "units": 10, "activation": "softmax"},
        ]
    },
}
DROPOUT = "/architecture/layers/1/rate"
SWEEP: dict[str, Any] = {
    "base": BASE,
    "parameters": {RATE: {"values": [1e-6, 0.01]}, DROPOUT: {"values": [0.3, 0.6]}},
    "objective": {"metric": "val_categorical_accuracy", "mode": "max"},
    "halving": {"factor": 2, "min_epochs": 1},
    "tags": ["swept"],
}


def post(client: httpx.Client, spec: dict[str, Any], **headers: str) -> dict[str, Any]:
    response = client.post("/v1/sweeps", json=spec, headers=headers)
    assert response.status_code == 202, response.text
    sweep: dict[str, Any] = response.json()
    assert response.headers["Location"] == sweep["links"]["self"]
    return sweep


def ended(client: httpx.Client, sweep_id: str) -> dict[str, Any]:
    def has_ended() -> dict[str, Any] | None:
        sweep: dict[str, Any] = client.get(f"/v1/sweeps/{sweep_id}").json()
        return sweep if sweep["status"] != "running" else None

    return wait_until(has_ended, f"sweep {sweep_id} to end", 600)


@pytest.fixture(scope="module")
def swept(client: httpx.Client) -> dict[str, Any]:
    return ended(client, post(client, SWEEP)["id"])


def test_half_of_the_trials_go_on_and_are_as_if_trained_in_one_go(
    stack: Stack, client: httpx.Client, swept: dict[str, Any]
) -> None:
    assert swept["status"] == "succeeded"
    assert swept["rungs"] == [{"epochs": 1, "trials": 4}, {"epochs": 2, "trials": 2}]
    trials = swept["trials"]
    assert [trial["values"] for trial in trials] == [
        {RATE: rate, DROPOUT: dropout} for rate in (1e-6, 0.01) for dropout in (0.3, 0.6)
    ]
    # A millionth learns nothing in eight steps.
    assert [trial["state"] for trial in trials] == ["stopped", "stopped", "succeeded", "succeeded"]
    assert [(trial["epochs_done"], trial["epochs"], len(trial["jobs"])) for trial in trials] == [
        (1, 1, 1), (1, 1, 1), (2, 2, 2), (2, 2, 2),
    ]  # fmt: skip
    assert sorted(trial["rank"] for trial in trials[2:]) == [1, 2]
    best = trials[swept["best"]]
    history = client.get(f"/v1/models/{best['model_id']}/history.json").json()["history"]["val_categorical_accuracy"]
    assert best["history"] == {"epoch": [1, 2], "value": history}
    assert best["best"]["value"] == max(history) == max(trial["best"]["value"] for trial in trials)
    whole = train(client, **{**BASE, "compile": {"optimizer": {"name": "adam", "learning_rate": 0.01}}})
    first, second = trials[2]["jobs"]
    assert trials[2]["model_id"] == second
    for job_id, epoch in ((first, 1), (second, 2)):
        mine, other = stack.tensors(job_id, epoch), stack.tensors(whole["id"], epoch)
        assert mine.keys() == other.keys()
        for name in mine:
            np.testing.assert_array_equal(mine[name], other[name], err_msg=f"{name} at epoch {epoch}")


def test_its_jobs_are_ordinary_jobs_that_say_whose_they_are(client: httpx.Client, swept: dict[str, Any]) -> None:
    items = client.get(swept["links"]["jobs"]).json()["items"]
    assert {job["id"] for job in items} == {job for trial in swept["trials"] for job in trial["jobs"]}
    assert len(items) == 6
    assert {job["sweep_id"] for job in items} == {swept["id"]}
    assert {tuple(job["spec"]["tags"]) for job in items} == {("swept",)}
    (listed,) = [item for item in client.get("/v1/sweeps").json()["items"] if item["id"] == swept["id"]]
    assert listed == {name: swept[name] for name in listed}
    assert listed["counts"] == {
        "queued": 0, "running": 0, "waiting": 0, "succeeded": 2, "stopped": 2, "failed": 0, "cancelled": 0,
    }  # fmt: skip


def test_sweeps_are_counted_by_status(client: httpx.Client, swept: dict[str, Any]) -> None:
    listed = [item["status"] for item in client.get("/v1/sweeps").json()["items"]]
    told = client.get("/metrics").text.splitlines()
    for status in ("running", "succeeded", "failed", "cancelled"):
        assert f'cnnservice_sweeps{{status="{status}"}} {listed.count(status):.1f}' in told


def test_their_curves_are_one_picture(client: httpx.Client, swept: dict[str, Any]) -> None:
    png = client.get(swept["links"]["history"])
    assert png.content.startswith(b"\x89PNG")
    assert client.get(swept["links"]["history"], headers={"If-None-Match": png.headers["ETag"]}).status_code == 304
    svg = client.get(f"/v1/sweeps/{swept['id']}/history.svg").text
    for trial in swept["trials"]:
        assert f"#{trial['number']} learning_rate {trial['values'][RATE]:.4g}, rate {trial['values'][DROPOUT]}" in svg


def test_the_same_key_makes_one_sweep(client: httpx.Client, swept: dict[str, Any]) -> None:
    tiny = {"base": {**BASE, "epochs": 1, "train_samples": 32}, "parameters": {"/seed": {"values": [3]}}}
    key = {"Idempotency-Key": f"sweep {swept['id']}"}
    first, again = post(client, tiny, **key), post(client, tiny, **key)
    assert (again["id"], again["trials"][0]["jobs"]) == (first["id"], first["trials"][0]["jobs"])
    # A job's key is another thing than a sweep's.
    assert wait_for_end(client, client.post("/v1/jobs", json=BASE, headers=key).json()["id"])["sweep_id"] is None
    refused = client.post("/v1/sweeps", json={**tiny, "tags": ["other"]}, headers=key)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/sweep-key-reused")
    assert ended(client, first["id"])["status"] == "succeeded"


def test_a_sweep_that_is_cancelled_stops_all_its_jobs_and_can_then_be_deleted(
    stack: Stack, client: httpx.Client
) -> None:
    endless = {"base": {**BASE, "epochs": 1000}, "search": {"kind": "random", "trials": 3}}
    sweep = post(client, {**endless, "parameters": {RATE: {"low": 0.001, "high": 0.1, "scale": "log"}}})
    place = sweep["links"]["self"]

    def learning() -> list[dict[str, Any]]:
        return [trial for trial in client.get(place).json()["trials"] if trial["epochs_done"]]

    wait_until(learning, "an epoch of a trial")
    refused = client.delete(place)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/sweep-live")
    assert client.post(sweep["links"]["cancel"]).status_code == 202
    done = ended(client, sweep["id"])
    assert done["status"] == "cancelled"
    assert done["counts"]["cancelled"] == 3
    assert client.post(sweep["links"]["cancel"]).json()["type"] == "/problems/sweep-ended"
    models = [trial["model_id"] for trial in done["trials"]]
    assert any(stack.files(f"models/{model}/") for model in models)
    assert client.delete(place).status_code == 204
    assert client.get(place).json()["type"] == "/problems/unknown-sweep"
    assert [client.get(f"/v1/jobs/{model}").status_code for model in models] == [404, 404, 404]
    assert not any(stack.files(f"models/{model}/") for model in models)


def of(parameter: str) -> str:
    """Where a parameter is in a sweep."""
    return "/parameters/" + parameter.replace("/", "~1")


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"parameters": {RATE: {"values": [0.1, -1]}}}, of(RATE), "greater than 0"),
        ({"parameters": {"/epoch": {"values": [1]}}}, of("/epoch"), "not a known field"),
        ({"parameters": {"/architecture": {"values": ["cnm"]}}}, of("/architecture"), "cnm"),
        ({"parameters": {DROPOUT: {"values": [2]}}}, of(DROPOUT), "less than"),
        ({"parameters": {f"{RATE}/decay_rate": {"values": [2]}}}, of(f"{RATE}/decay_rate"), "nothing can be put"),
        ({"parameters": {"/dataset": {"values": ["nothing"]}}}, of("/dataset"), "nothing"),
        ({"parameters": {"seed": {"values": [1]}}}, "/parameters/seed", "begins with a slash"),
        ({"parameters": {"/seed": {"values": []}}}, of("/seed") + "/values", "at least 1"),
        ({"parameters": {"/seed": {"low": 1, "high": 0}}}, of("/seed"), "low must be below high"),
        ({"parameters": {"/seed": {"low": 1, "high": 99, "count": 65}}}, "/parameters", "at most 64"),
        ({"search": {"kind": "random"}}, "/search/trials", "required"),
        ({"objective": {"metric": "val_auc"}}, "/objective/metric", "val_categorical_accuracy"),
        ({"base": {**BASE, "epochs": 1}}, "/halving/min_epochs", "must have 2"),
        ({"base": {**BASE, "early_stopping": {}}}, "/halving", "early_stopping"),
        ({"base": {**BASE, "train_samples": 10**6}}, "/base/train_samples", "60000"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_queued(
    client: httpx.Client, change: dict[str, Any], pointer: str, says: str
) -> None:
    def newest() -> str:
        return str(client.get("/v1/jobs?limit=1").json()["items"][0]["id"])

    before = newest()
    response = client.post("/v1/sweeps", json={**SWEEP, **change})
    assert response.status_code == 422, response.text
    error = response.json()["errors"][0]
    assert error["pointer"] == pointer
    assert says in error["detail"]
    assert newest() == before


def test_a_trial_that_is_refused_is_told_with_its_values(client: httpx.Client) -> None:
    response = client.post("/v1/sweeps", json={**SWEEP, "parameters": {RATE: {"values": [0.1, -1]}}})
    assert response.json()["type"] == "/problems/bad-trial"
    assert 'Trial 1, with {"/compile/optimizer/learning_rate": -1}' in response.json()["detail"]
