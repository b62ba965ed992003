"""Filters that are dead and filters that are double, against Keras and loops over the stored weights."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import obstore
import pytest
from safetensors.numpy import load

from live import Stack, train

HEAD = Path(__file__).parents[2] / "cnnservice" / "datasets" / "mnist_head.npz"
SMALL = {"epochs": 2, "train_samples": 128, "test_samples": 32}
COARSE = {"type": "conv2d", "kernel_size": 3, "strides": 3, "activation": "relu", "inputs": ["input"]}
SILENT = {"name": "constant", "value": -1000}
LAYERS = [
    {**COARSE, "name": "Zeros", "filters": 4, "kernel_initializer": "zeros"},
    {**COARSE, "name": "Ones", "filters": 5, "kernel_initializer": "ones"},
    {**COARSE, "name": "Few", "filters": 16, "bias_initializer": {"name": "constant", "value": -0.6}},
    {**COARSE, "name": "Linear", "filters": 3, "activation": "linear", "bias_initializer": SILENT},
    {"type": "batch_normalization", "name": "Norm"},
    {"type": "re_lu", "name": "Bend"},
    {"type": "concatenate", "name": "All", "inputs": ["Zeros", "Ones", "Few", "Bend"]},
    {"type": "depthwise_conv2d", "name": "Depthwise", "kernel_size": 2, "depth_multiplier": 2, "activation": "relu"},
    {"type": "separable_conv2d", "name": "Separable", "kernel_size": 3, "filters": 12, "depth_multiplier": 2},
    {"type": "conv2d_transpose", "name": "Transposed", "kernel_size": 2, "filters": 6, "activation": "relu"},
    {"type": "max_pooling2d", "name": "Pool"},
    {"type": "flatten", "name": "Flat"},
    {
        "type": "dense",
        "name": "Hidden",
        "units": 40,
        "activation": "relu",
        "bias_initializer": {"name": "constant", "value": -0.1},
    },
    {"type": "dense", "name": "Output", "units": 10, "activation": "softmax"},
]
# The layers in whose outputs a filter may fall silent.
OUTPUTS = {
    name: (name,) for name in ("Zeros", "Ones", "Few", "Depthwise", "Separable", "Transposed", "Hidden", "Output")
} | {"Linear": ("Linear", "Norm", "Bend")}
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def job(client: httpx.Client) -> dict[str, Any]:
    trained = train(client, architecture={"layers": LAYERS}, compile={"optimizer": {"name": "adam"}}, **SMALL)
    assert trained["status"] == "succeeded", trained["error"]
    return trained


def get(client: httpx.Client, job: dict[str, Any], layer: str, **query: Any) -> dict[str, Any]:
    response = client.get(f"/v1/models/{job['id']}/layers/{layer}", params=query or None)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def stored(stack: Stack, job: dict[str, Any], epoch: int) -> dict[str, Array]:
    return {name.removeprefix("model/"): tensor for name, tensor in stack.tensors(job["id"], epoch).items()}


def kernels_by_hand(weights: dict[str, Array]) -> dict[str, list[Array]]:
    """Each layer's filters, cut out one at a time."""
    depthwise = weights["Depthwise/0/kernel"]
    spread, mixed = weights["Separable/0/depthwise_kernel"], weights["Separable/1/pointwise_kernel"]
    (_, _, channels, multiplier), transposed = spread.shape, weights["Transposed/0/kernel"]
    return {
        **{
            name: [weights[f"{name}/0/kernel"][..., f] for f in range(weights[f"{name}/0/kernel"].shape[-1])]
            for name in ("Zeros", "Ones", "Few", "Linear", "Hidden", "Output")
        },
        "Depthwise": [depthwise[:, :, c, m] for c in range(depthwise.shape[2]) for m in range(2)],
        "Separable": [
            np.stack(
                [
                    sum(
                        spread[:, :, c, m].astype(float) * mixed[0, 0, c * multiplier + m, f] for m in range(multiplier)
                    )
                    for c in range(channels)
                ]
            )
            for f in range(12)
        ],
        "Transposed": [transposed[:, :, f, :] for f in range(6)],
    }


def duplicates_by_hand(kernels: list[Array], threshold: float) -> list[dict[str, Any]]:
    rows = [kernel.astype(float).ravel() for kernel in kernels]
    lengths = [float(np.sqrt((row * row).sum())) for row in rows]
    near: dict[tuple[int, int], float] = {}
    for i, j in combinations(range(len(rows)), 2):
        if lengths[i] and lengths[j]:
            near[i, j] = float((rows[i] * rows[j]).sum() / (lengths[i] * lengths[j]))
    near = {pair: cosine for pair, cosine in near.items() if cosine >= threshold - 1e-9}
    groups = [{index} for index in range(len(rows))]
    for i, j in near:
        one, other = (next(group for group in groups if index in group) for index in (i, j))
        if one is not other:
            groups.remove(other)
            one |= other
    return [
        {
            "filters": sorted(group),
            "similarity": pytest.approx(min(near[pair] for pair in near if pair[0] in group), abs=1e-9),
        }
        for group in sorted(groups, key=min)
        if len(group) > 1
    ]


def outputs_by_keras(client: httpx.Client, job: dict[str, Any], epoch: int, folder: Path) -> dict[str, Array]:
    """Every layer's output for all test images, by the exported model."""
    import keras

    exported = client.get(f"/v1/models/{job['id']}/export", params={"format": "keras", "epoch": epoch})
    (folder / "model.keras").write_bytes(exported.content)
    model = keras.models.load_model(folder / "model.keras")
    names = [layer["name"] for layer in LAYERS]
    whole = keras.Model(model.inputs, [model.get_layer(name).output for name in names])
    images = (np.load(HEAD)["x_test"][:32, :, :, np.newaxis] / 127.5 - 1).astype(np.float32)
    return dict(zip(names, whole.predict(images, verbose=0), strict=True))


@pytest.mark.parametrize("epoch", [0, 2])
def test_dead_filters_are_those_that_keras_never_hears(
    client: httpx.Client, job: dict[str, Any], tmp_path: Path, epoch: int
) -> None:
    outputs = outputs_by_keras(client, job, epoch, tmp_path)
    dead = {}
    for layer, judged in OUTPUTS.items():
        filters = range(outputs[layer].shape[-1])
        by_hand = [f for f in filters if any(not outputs[name][..., f].any() for name in judged)]
        told = get(client, job, layer, epoch=epoch)
        assert (told["filters"], told["dead_filters"]) == (len(filters), by_hand), layer
        dead[layer] = by_hand
    assert dead["Zeros"] == [0, 1, 2, 3]
    # They say something, but nothing that is heard behind the normalisation.
    assert outputs["Linear"].any()
    assert dead["Linear"] == [0, 1, 2]
    assert dead["Output"] == []
    for layer, filters in (("Few", 16), ("Hidden", 40)):
        assert 0 < len(dead[layer]) < filters, layer


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize("threshold", [None, 0.1, 1])
def test_duplicate_filters_are_those_of_the_stored_kernels(
    client: httpx.Client, stack: Stack, job: dict[str, Any], epoch: int, threshold: float | None
) -> None:
    query = {} if threshold is None else {"threshold": threshold}
    found = {}
    for layer, kernels in kernels_by_hand(stored(stack, job, epoch)).items():
        told = get(client, job, layer, epoch=epoch, **query)
        assert told["duplicate_filters"] == duplicates_by_hand(kernels, threshold or 0.99), layer
        assert told["zero_filters"] == [index for index, kernel in enumerate(kernels) if not kernel.any()], layer
        found[layer] = told
    assert found["Zeros"]["zero_filters"] == [0, 1, 2, 3]
    assert found["Zeros"]["duplicate_filters"] == []
    if epoch == 0:
        (group,) = found["Ones"]["duplicate_filters"]
        assert group == {"filters": [0, 1, 2, 3, 4], "similarity": pytest.approx(1)}
    if threshold == 0.1:
        assert all(found[layer]["duplicate_filters"] for layer in ("Few", "Depthwise", "Separable", "Transposed"))


def test_what_the_filters_do_is_computed_once_for_all_layers_of_an_epoch(client: httpx.Client, stack: Stack) -> None:
    job = train(client, architecture="cnn", **SMALL)
    kept = f"analysis/{job['id']}/"
    first = get(client, job, "Conv1", epoch=1)
    (path,) = stack.files(kept)
    written = obstore.head(stack.store, path)["last_modified"]
    # Behind its own checksum.
    computed = load(stack.read(path)[32:])
    for layer in ("Conv1", "Conv2", "FC1", "FC2"):
        assert get(client, job, layer, epoch=1, threshold=0.5)["filters"] == computed[layer].size
    assert get(client, job, "Conv1", epoch=1) == first
    assert stack.files(kept) == [path]
    assert obstore.head(stack.store, path)["last_modified"] == written
    get(client, job, "FC1", epoch=2)
    assert len(stack.files(kept)) == 2


def test_an_answer_is_kept_by_its_epoch_and_its_question(client: httpx.Client, job: dict[str, Any]) -> None:
    url = f"/v1/models/{job['id']}/layers/Few"
    queries: list[dict[str, Any]] = [{}, {"threshold": 0.3}, {"analysis": False}]
    answers = [client.get(url, params={"epoch": 2, **query}) for query in queries]
    assert {answer.headers["cache-control"] for answer in answers} == {"public, max-age=31536000, immutable"}
    assert len({answer.headers["etag"] for answer in answers}) == len(queries)
    for query, answer in zip(queries, answers, strict=True):
        last = client.get(url, params=query)
        assert (last.content, last.headers["etag"]) == (answer.content, answer.headers["etag"])
        assert last.headers["cache-control"] == "no-cache"
        again = client.get(url, params=query, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    analysed, _, plain = (answer.json() for answer in answers)
    found = {name: plain.pop(name) for name in ("filters", "duplicate_filters", "zero_filters", "dead_filters")}
    assert set(found.values()) == {None}
    assert plain.items() <= analysed.items()


def test_layers_without_a_kernel_have_no_filters_and_the_list_has_none_of_it(
    client: httpx.Client, job: dict[str, Any]
) -> None:
    for layer in ("Norm", "Bend", "All", "Pool", "Flat"):
        told = get(client, job, layer)
        assert [told[name] for name in ("filters", "duplicate_filters", "zero_filters", "dead_filters")] == [None] * 4
    for told in client.get(f"/v1/models/{job['id']}/layers").json()["layers"]:
        assert not {"filters", "dead_filters"} & told.keys()
        assert told["weights"] == get(client, job, told["name"], analysis=False)["weights"]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("threshold=0", "greater than 0"),
        ("threshold=-0.5", "greater than 0"),
        ("threshold=1.1", "less than or equal to 1"),
        ("threshold=nan", "?threshold"),
        ("threshold=near", "?threshold"),
        ("analysis=perhaps", "?analysis"),
        ("similarity=0.9", "not a known field"),
    ],
)
def test_a_question_that_cannot_be_is_refused(client: httpx.Client, job: dict[str, Any], query: str, says: str) -> None:
    response = client.get(f"/v1/models/{job['id']}/layers/Few?{query}")
    assert (response.status_code, response.json()["type"]) == (422, "/problems/invalid")
    assert says in response.text


@contextmanager
def paused(stack: Stack, *arguments: str) -> Iterator[None]:
    """Processes of a stack, those that run `python -m <arguments>`, held still."""
    found = stack.pids(*arguments)
    assert found
    for process in found:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in found:
            os.kill(process, signal.SIGCONT)


def test_without_a_worker_the_weights_are_still_told_and_large_layers_are_not_compared(strict_stack: Stack) -> None:
    with strict_stack.client as client:
        job = train(client, architecture="cnn", **SMALL)
        url = f"/v1/models/{job['id']}/layers"
        with paused(strict_stack, "worker", "inspect"):
            response = client.get(f"{url}/Conv1?epoch=1")
            assert (response.status_code, response.json()["type"]) == (503, "/problems/inspect-timeout")
            plain = get(client, job, "Conv1", epoch=1, analysis=False)
            assert get(client, job, "MaxPool1")["filters"] is None
            assert client.get(url).status_code == 200
        told = get(client, job, "Conv1", epoch=1)
        assert (told["filters"], told["weights"]) == (32, plain["weights"])
        response = client.get(f"{url}/Conv2")
        assert (response.status_code, response.json()["type"]) == (422, "/problems/limit-exceeded")
        for part in ("64", "32", "analysis=true", "CNNSERVICE_MAX_COMPARED_FILTERS"):
            assert part in response.json()["detail"]
        assert get(client, job, "Conv2", analysis=False)["weights"]
