"""Training that goes on: exactly where it stopped, or from an earlier epoch as a branch."""

from __future__ import annotations

from typing import Any

import httpx
import numpy as np
import pytest
from safetensors.numpy import load

from live import Stack, train

# All that a continuation must carry over: moving averages, random states, moments, the schedule's step.
LAYERS = [
    {"type": "random_translation", "height_factor": 0.1, "width_factor": 0.1, "fill_mode": "constant"},
    {"type": "conv2d", "name": "Conv1", "filters": 4, "kernel_size": 5, "strides": 2},
    {"type": "batch_normalization", "name": "Norm"},
    {"type": "re_lu"},
    {"type": "flatten"},
    {"type": "dropout", "rate": 0.3},
    {"type": "dense", "name": "Output", "units": 10, "activation": "softmax"},
]
SPEC: dict[str, Any] = {
    "architecture": {"layers": LAYERS},
    "train_samples": 256,
    "test_samples": 64,
    "batch_size": 32,
    "seed": 11,
    "normalization": "standard",
    "class_weight": "balanced",
    "compile": {
        "optimizer": {
            "name": "adam",
            "learning_rate": {
                "name": "exponential_decay",
                "initial_learning_rate": 0.01,
                "decay_steps": 10,
                "decay_rate": 0.9,
            },
        }
    },
}


def files(stack: Stack, model_id: str, epoch: int) -> list[str]:
    name = f"epoch-{epoch:05d}.safetensors"
    return [path for path in stack.files(f"models/{model_id}/") if path.endswith(name)]


@pytest.fixture(scope="module")
def whole(client: httpx.Client) -> dict[str, Any]:
    job = train(client, **SPEC, epochs=4)
    assert job["status"] == "succeeded", job["error"]
    return job


def test_two_epochs_and_two_more_are_four_bit_for_bit(
    stack: Stack, client: httpx.Client, whole: dict[str, Any]
) -> None:
    first = train(client, **SPEC, epochs=2)
    # Nothing but where to go on from: all else is taken over.
    second = train(client, epochs=2, continue_from={"model_id": first["id"], "epoch": 2})
    assert second["status"] == "succeeded", second["error"]
    assert (second["start_epoch"], second["epochs"], second["epochs_done"], second["progress"]) == (2, 2, 2, 1)
    for epoch in (3, 4):
        (mine,), (theirs,) = files(stack, second["id"], epoch), files(stack, whole["id"], epoch)
        one, other = load(stack.read(mine)), load(stack.read(theirs))
        assert one.keys() == other.keys()
        for name in one:
            np.testing.assert_array_equal(one[name], other[name], err_msg=f"{name} at epoch {epoch}")
    told = [client.get(f"/v1/models/{job['id']}/history.json").json()["history"] for job in (second, whole)]
    assert told[0] == told[1]


def test_the_parents_epochs_are_the_childs_to_read_also_after_the_parent_is_deleted(
    stack: Stack, client: httpx.Client, whole: dict[str, Any]
) -> None:
    parent = train(client, **SPEC, epochs=2)
    child = train(client, epochs=1, continue_from={"model_id": parent["id"], "epoch": 1}, tags=["child"])
    model = client.get(f"/v1/models/{child['id']}").json()
    assert model["epochs_available"] == [0, 1, 2]
    assert model["lineage"] == {"parent": parent["id"], "epoch": 1, "children": []}
    assert client.get(f"/v1/models/{parent['id']}").json()["lineage"]["children"] == [child["id"]]

    def filters(model_id: str, epoch: int) -> bytes:
        response = client.get(f"/v1/models/{model_id}/layers/Conv1/filters.png?epoch={epoch}")
        assert response.status_code == 200, response.text
        return response.content

    before = [filters(parent["id"], epoch) for epoch in (0, 1)]
    assert before == [filters(child["id"], epoch) for epoch in (0, 1)]
    assert client.delete(f"/v1/jobs/{parent['id']}").status_code == 204
    assert before == [filters(child["id"], epoch) for epoch in (0, 1)]
    # What only the parent had is gone, what they share is not; with the child goes the rest.
    assert not files(stack, parent["id"], 2)
    assert files(stack, parent["id"], 1)
    assert client.delete(f"/v1/jobs/{child['id']}").status_code == 204
    assert not stack.files(f"models/{parent['id']}/")
    assert not stack.files(f"models/{child['id']}/")


def test_a_branch_may_train_otherwise(client: httpx.Client, whole: dict[str, Any]) -> None:
    """Another optimizer, its rate, and a part that is frozen: the weights are the parent's where it begins."""
    frozen = [{**layer, "trainable": layer["type"] != "conv2d"} for layer in LAYERS]
    job = train(
        client,
        epochs=1,
        continue_from={"model_id": whole["id"], "epoch": "last"},
        architecture={"layers": frozen},
        compile={"optimizer": {"name": "sgd", "learning_rate": 0.1}},
    )
    assert job["status"] == "succeeded", job["error"]
    assert job["spec"]["continue_from"] == {"model_id": whole["id"], "epoch": 4}
    assert job["spec"]["train_samples"] == SPEC["train_samples"]
    assert job["spec"]["tags"] == []
    kernels = [client.get(f"/v1/models/{job['id']}/layers/Conv1/filters.npy?epoch={epoch}").content for epoch in (4, 5)]
    assert kernels[0] == kernels[1]
    outputs = [client.get(f"/v1/models/{job['id']}/layers/Output?epoch={epoch}").json() for epoch in (4, 5)]
    assert outputs[0]["weights"] != outputs[1]["weights"]


def test_events_of_a_child_are_its_own_epochs_numbered_onward(client: httpx.Client, whole: dict[str, Any]) -> None:
    job = train(client, epochs=2, continue_from={"model_id": whole["id"], "epoch": 3})
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as response:
        lines = list(response.iter_lines())
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    assert kinds == ["status", "epoch", "epoch", "end"]
    assert [line for line in lines if '"epoch":4' in line.replace(" ", "")]
    assert [line for line in lines if '"epoch":5' in line.replace(" ", "")]
    assert job["latest"] == {
        name: values[-1]
        for name, values in client.get(f"/v1/models/{job['id']}/history.json").json()["history"].items()
    }


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({"continue_from": {"model_id": "nothing"}}, "/continue_from", "no job or model"),
        ({"continue_from": {"epoch": 5}}, "/continue_from", "stored are 0 to 4"),
        ({"architecture": "cnn"}, "/architecture", "'random_translation'"),
        ({"normalization": "zero_one"}, "/normalization", "'standard'"),
    ],
)
def test_what_cannot_be_gone_on_from_is_refused(
    client: httpx.Client, whole: dict[str, Any], change: dict[str, Any], pointer: str, says: str
) -> None:
    wanted = {"model_id": whole["id"], **change.pop("continue_from", {})}
    response = client.post("/v1/jobs", json={"dataset": "mnist", "epochs": 1, "continue_from": wanted, **change})
    assert response.status_code == 422, response.text
    (error,) = response.json()["errors"]
    assert error["pointer"] == pointer
    assert says in error["detail"]


def test_early_stopping_ends_well_before_the_last_epoch(client: httpx.Client) -> None:
    job = train(
        client,
        **{**SPEC, "train_samples": 64},
        epochs=50,
        early_stopping={"monitor": "val_categorical_accuracy", "patience": 1, "min_delta": 0.5},
    )
    # No gain of a half can come twice: the first epoch is one, the next is none.
    assert job["status"] == "succeeded", job["error"]
    assert job["epochs_done"] < 5
    assert job["stopped_early"]
    assert job["progress"] == 1
