"""A model leaves the service as a file, and says elsewhere what it says here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import matplotlib as mpl
import nbformat
import numpy as np
import obstore
import pytest
from safetensors.numpy import load

from live import Stack, train, wait_for_end, wait_until

HEAD = Path(__file__).parents[2] / "cnnservice" / "datasets" / "mnist_head.npz"
LAYERS = [
    {"type": "random_translation", "name": "shift", "height_factor": 0.1, "width_factor": 0.1},
    {"type": "conv2d", "name": "first", "filters": 6, "kernel_size": 5, "strides": 2, "padding": "same"},
    {"type": "batch_normalization", "name": "norm"},
    {"type": "re_lu", "name": "bend"},
    {"type": "separable_conv2d", "name": "second", "filters": 6, "kernel_size": 3, "padding": "same"},
    {"type": "add", "name": "sum", "inputs": ["second", "bend"]},
    {"type": "average_pooling2d", "name": "mean", "pool_size": 3, "padding": "same"},
    {"type": "flatten", "name": "flat"},
    {"type": "dropout", "name": "drop", "rate": 0.2},
    {"type": "dense", "name": "out", "units": 10, "activation": "softmax"},
]
SPEC = {"train_samples": 640, "test_samples": 100, "batch_size": 64}
FORMATS = ("keras", "safetensors", "onnx", "notebook", "tensorboard", "mlflow")
Array = np.ndarray[Any, Any]


@pytest.fixture(scope="module")
def small_job(client: httpx.Client) -> dict[str, Any]:
    """Two epochs of a small network with branches, by Adam, on standardised images."""
    return train(
        client,
        **SPEC,
        epochs=2,
        architecture={"layers": LAYERS},
        normalization="standard",
        compile={"optimizer": {"name": "adam"}},
    )


@pytest.fixture(scope="module")
def export_url(small_job: dict[str, Any]) -> str:
    return f"/v1/models/{small_job['id']}/export"


def get(client: httpx.Client, path: str, **params: Any) -> httpx.Response:
    response = client.get(path, params=params or None)
    assert response.status_code == 200, response.text
    return response


def normalized(client: httpx.Client, model_id: str) -> Array:
    """The first five test images as the model takes them, by NumPy."""
    record = get(client, f"/v1/models/{model_id}").json()["normalization"]
    assert record["name"] == "standard"
    pixels = np.load(HEAD)["x_test"][:5, ..., np.newaxis]
    images: Array = ((pixels - np.array(record["mean"])) / np.array(record["std"])).astype(np.float32)
    return images


def predict_keras(content: bytes, folder: Path, images: Array) -> Array:
    import keras

    (folder / "model.keras").write_bytes(content)
    return np.asarray(keras.models.load_model(folder / "model.keras").predict(images, verbose=0))


def predict_onnx(content: bytes, _folder: Path, images: Array) -> Array:
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"input": images})[0])


def predict_notebook(content: bytes, _folder: Path, images: Array) -> Array:
    document = json.loads(content)
    nbformat.validate(document)
    mpl.use("agg")
    names: dict[str, Any] = {}
    for cell in document["cells"]:
        if cell["cell_type"] == "code":
            exec(cell["source"], names)
    mpl.pyplot.close("all")
    # Its own image is the first of the test split.
    np.testing.assert_array_equal(names["normalize"](names["pixels"]), images[0])
    return np.asarray(names["model"].predict(images, verbose=0))


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize(
    ("name", "predict", "tolerance"),
    [("keras", predict_keras, 1e-6), ("onnx", predict_onnx, 1e-5), ("notebook", predict_notebook, 1e-6)],
)
@pytest.mark.filterwarnings("ignore:FigureCanvasAgg is non-interactive")
def test_an_exported_model_says_what_the_service_says(
    client: httpx.Client,
    small_job: dict[str, Any],
    export_url: str,
    tmp_path: Path,
    name: str,
    predict: Callable[[bytes, Path, Array], Array],
    tolerance: float,
    epoch: int,
) -> None:
    content = get(client, export_url, format=name, epoch=epoch).content
    told = predict(content, tmp_path, normalized(client, small_job["id"]))
    for index, row in enumerate(told):
        expected = get(
            client, f"/v1/models/{small_job['id']}/predictions.json", image=f"mnist:test:{index}", epoch=epoch
        ).json()["probabilities"]
        np.testing.assert_allclose(row, expected, atol=tolerance, err_msg=f"mnist:test:{index}")


def test_the_weights_alone_are_those_of_the_checkpoint(
    client: httpx.Client, stack: Stack, small_job: dict[str, Any], export_url: str
) -> None:
    told = load(get(client, export_url, format="safetensors", epoch=1).content)
    tensors = stack.tensors(small_job["id"], 1)
    stored = {name: array for name, array in tensors.items() if name.startswith("model/")}
    assert told.keys() == {f"{name.split('/')[1]}/{name.split('/')[3]}" for name in stored}
    for name, array in stored.items():
        _, layer, _, variable = name.split("/")
        np.testing.assert_array_equal(told[f"{layer}/{variable}"], array, err_msg=name)


def test_a_keras_file_goes_on_with_the_optimizer_of_its_epoch(
    client: httpx.Client, export_url: str, tmp_path: Path
) -> None:
    import keras

    steps = []
    for epoch in (0, 1, 2):
        (tmp_path / "model.keras").write_bytes(get(client, export_url, format="keras", epoch=epoch).content)
        optimizer = keras.models.load_model(tmp_path / "model.keras").optimizer
        steps.append(int(optimizer.iterations))
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert steps == [0, 10, 20]


@pytest.mark.parametrize(
    ("name", "ending", "media_type"),
    [
        ("keras", "keras", "application/octet-stream"),
        ("safetensors", "safetensors", "application/octet-stream"),
        ("onnx", "onnx", "application/octet-stream"),
        ("notebook", "ipynb", "application/x-ipynb+json"),
        ("tensorboard", "tensorboard.zip", "application/zip"),
        ("mlflow", "mlflow.zip", "application/zip"),
    ],
)
def test_an_export_is_a_named_file_that_may_be_kept_for_ever(
    client: httpx.Client, small_job: dict[str, Any], export_url: str, name: str, ending: str, media_type: str
) -> None:
    explicit, last = get(client, export_url, format=name, epoch=2), get(client, export_url, format=name)
    assert explicit.content == last.content
    file_name = f"{small_job['id']}-epoch-00002.{ending}"
    assert explicit.headers["content-disposition"] == f'attachment; filename="{file_name}"'
    assert explicit.headers["content-type"] == media_type
    assert int(explicit.headers["content-length"]) == explicit.num_bytes_downloaded
    assert explicit.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert last.headers["cache-control"] == "no-cache"
    tag = explicit.headers["etag"]
    assert (tag == last.headers["etag"], tag.startswith('"')) == (True, True)
    again = client.get(export_url, params={"format": name, "epoch": 2}, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert get(client, export_url, format=name, epoch=1).headers["etag"] != tag
    assert len({get(client, export_url, format=known, epoch=2).headers["etag"] for known in FORMATS}) == len(FORMATS)


def test_what_a_worker_has_made_is_sent_from_the_store_from_then_on(
    client: httpx.Client, stack: Stack, small_job: dict[str, Any], export_url: str
) -> None:
    def made() -> list[str]:
        return [path for path in stack.files(f"exports/{small_job['id']}/") if path.endswith(".onnx")]

    content = get(client, export_url, format="onnx", epoch=1).content
    for known in made():
        obstore.delete(stack.store, known)
    assert get(client, export_url, format="onnx", epoch=1).content == content
    (path,) = made()
    # Behind its own checksum.
    assert stack.read(path) == hashlib.sha256(content).digest() + content
    # Sent as it lies there, so no worker has been asked.
    stack.write(path, hashlib.sha256(b"another").digest() + b"another")
    assert get(client, export_url, format="onnx", epoch=1).content == b"another"
    obstore.delete(stack.store, path)


def test_a_model_is_exported_while_it_trains(client: httpx.Client) -> None:
    job = client.post("/v1/jobs", json={"dataset": "mnist", **SPEC, "epochs": 200}).json()
    url = f"/v1/models/{job['id']}"
    try:
        wait_until(lambda: client.get(f"/v1/jobs/{job['id']}").json()["epochs_done"] >= 1, "the first epoch")
        for name in FORMATS:
            assert get(client, f"{url}/export", format=name, epoch=1).content
        assert client.get(f"/v1/jobs/{job['id']}").json()["status"] == "running"
    finally:
        client.post(f"/v1/jobs/{job['id']}/cancel")
        wait_for_end(client, job["id"])


@pytest.mark.parametrize("name", FORMATS)
def test_an_epoch_that_is_not_there_is_told(client: httpx.Client, export_url: str, name: str) -> None:
    response = client.get(export_url, params={"format": name, "epoch": 3})
    assert response.status_code == 404
    assert response.json()["type"] == "/problems/unknown-epoch"


def test_a_model_that_is_not_there_is_told(client: httpx.Client) -> None:
    assert client.get("/v1/models/nobody/export?format=keras").json()["type"] == "/problems/unknown-job"


@pytest.mark.parametrize("query", [{"format": "pmml"}, {}, {"format": "keras", "eopch": 2}])
def test_what_may_be_asked_is_told(client: httpx.Client, export_url: str, query: dict[str, Any]) -> None:
    response = client.get(export_url, params=query)
    assert response.status_code == 422
    (error,) = response.json()["errors"]
    assert error["pointer"] == ("?eopch" if "eopch" in query else "?format")
    if "format" in query and "eopch" not in query:
        assert all(name in error["detail"] for name in FORMATS)


@pytest.fixture(scope="module")
def damaged_url(client: httpx.Client, stack: Stack) -> str:
    """Of a model whose epoch 1 is cut off in its middle."""
    job = train(client, **SPEC, epochs=1)
    path = stack.epoch_path(job["id"], 1)
    content = stack.read(path)
    stack.write(path, content[: len(content) // 2])
    return f"/v1/models/{job['id']}/export"


@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_checkpoint_is_told_and_nothing_of_it_is_sent(
    client: httpx.Client, damaged_url: str, name: str
) -> None:
    response = client.get(damaged_url, params={"format": name, "epoch": 1})
    assert response.status_code == 500
    assert response.json()["type"] == "/problems/damaged-file"
    assert "content-disposition" not in response.headers
