"""How good a model is, and how two of them differ."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from live import Stack, train


def get(client: httpx.Client, path: str, **query: Any) -> httpx.Response:
    response = client.get(path, params=query or None)
    assert response.status_code == 200, response.text
    return response


@pytest.fixture(scope="module")
def regularized(client: httpx.Client) -> dict[str, Any]:
    """A small network whose validation loss has a regularizer's share in it."""
    layers = [
        {"type": "flatten"},
        {"type": "dense", "units": 16, "activation": "relu", "kernel_regularizer": "l2"},
        {"type": "dropout", "rate": 0.2},
        {"type": "dense", "units": 10, "activation": "softmax"},
    ]
    job = train(
        client,
        architecture={"layers": layers},
        compile={"optimizer": {"name": "adam"}},
        epochs=2,
        train_samples=500,
        test_samples=300,
        batch_size=50,
    )
    assert job["status"] == "succeeded", job["error"]
    return job


def test_the_loss_is_that_of_training_also_under_a_sigmoid(client: httpx.Client, stack: Stack) -> None:
    # Keras takes the loss of the softmax of what goes into the notebook's sigmoid, with the regularizers' share and
    # the last batch a smaller one.
    layers = [
        {"type": "flatten"},
        {"type": "dense", "units": 10, "activation": "sigmoid", "kernel_regularizer": "l1"},
    ]
    for spec in ({"architecture": "cnn"}, {"architecture": {"layers": layers}}):
        job = train(client, **spec, epochs=1, train_samples=300, test_samples=300)
        told = get(client, f"/v1/models/{job['id']}/evaluation.json").json()
        assert told["loss"] == pytest.approx(job["latest"]["val_loss"], rel=1e-5)
        mistake = told["mistakes"][0]
        said = get(client, f"/v1/models/{job['id']}/predictions.json", image=mistake["image"]).json()
        assert said["top"][0]["probability"] == pytest.approx(mistake["probability"], abs=1e-5)


def test_outputs_that_are_logits_are_read_by_their_softmax(client: httpx.Client, stack: Stack) -> None:
    layers = [{"type": "flatten"}, {"type": "dense", "units": 10}]
    loss = {"name": "categorical_crossentropy", "from_logits": True}
    job = train(client, architecture={"layers": layers}, compile={"loss": loss}, epochs=1, test_samples=200)
    said = get(client, f"/v1/models/{job['id']}/predictions.json", image="mnist:test:3").json()
    logits = np.array(said["logits"])
    np.testing.assert_allclose(said["probabilities"], np.exp(logits) / np.exp(logits).sum(), atol=1e-6)
    told = get(client, f"/v1/models/{job['id']}/evaluation.json").json()
    assert told["loss"] == pytest.approx(job["latest"]["val_loss"], rel=1e-5)


@pytest.mark.parametrize("epoch", [1, 2])
def test_evaluation_agrees_with_what_training_saw(
    client: httpx.Client, regularized: dict[str, Any], epoch: int
) -> None:
    model = f"/v1/models/{regularized['id']}"
    told = get(client, f"{model}/evaluation.json", epoch=epoch).json()
    history = get(client, f"{model}/history.json").json()["history"]
    assert told["samples"] == 300
    assert told["accuracy"] == pytest.approx(history["val_categorical_accuracy"][epoch - 1], abs=1e-6)
    assert told["loss"] == pytest.approx(history["val_loss"][epoch - 1], abs=1e-5)


def test_every_number_follows_from_the_predictions(client: httpx.Client, regularized: dict[str, Any]) -> None:
    model = f"/v1/models/{regularized['id']}"
    told = get(client, f"{model}/evaluation.json", limit=1000).json()
    confusion = np.array(told["confusion"])
    labels = [get(client, f"/v1/datasets/mnist/test/{index}.json").json()["label"] for index in range(300)]
    assert confusion.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()
    assert np.trace(confusion) / 300 == pytest.approx(told["accuracy"])
    assert [row["support"] for row in told["classes"]] == confusion.sum(axis=1).tolist()
    assert told["mistakes_total"] == len(told["mistakes"]) == 300 - np.trace(confusion)
    probabilities = [mistake["probability"] for mistake in told["mistakes"]]
    assert probabilities == sorted(probabilities, reverse=True)
    for mistake in (told["mistakes"][0], told["mistakes"][-1]):
        prediction = get(client, f"{model}/predictions.json", image=mistake["image"]).json()
        assert prediction["top"][0]["class"] == mistake["predicted"]
        assert prediction["top"][0]["probability"] == pytest.approx(mistake["probability"], abs=1e-5)
        assert prediction["label"] == mistake["label"]
        assert prediction["probabilities"][mistake["label"]] == pytest.approx(mistake["label_probability"], abs=1e-5)
        assert get(client, mistake["url"]).headers["content-type"] == "image/png"


def test_confusion_and_mistakes_are_drawn_and_kept(
    client: httpx.Client, stack: Stack, regularized: dict[str, Any]
) -> None:
    model = f"/v1/models/{regularized['id']}"
    for name in ("confusion.png", "mistakes.png"):
        response = get(client, f"{model}/{name}", epoch=2)
        assert np.asarray(Image.open(io.BytesIO(response.content)).convert("L")).std() > 0
        again = client.get(f"{model}/{name}?epoch=2", headers={"If-None-Match": response.headers["etag"]})
        assert again.status_code == 304
    tiles = [
        Image.open(io.BytesIO(get(client, f"{model}/mistakes.png", limit=n, cols=n).content)).width for n in (1, 2)
    ]
    assert tiles[1] > 2 * tiles[0]
    assert stack.files(f"analysis/{regularized['id']}/")


def test_the_cnn_and_the_mlp_side_by_side(client: httpx.Client, notebook_job: dict[str, Any]) -> None:
    mlp = train(client, architecture="mlp", compile={"optimizer": {"name": "adam"}}, epochs=2)
    both = f"{notebook_job['id']},{mlp['id']}"
    told = get(client, "/v1/compare", models=both).json()
    cnn_row, mlp_row = told["models"]
    # The notebook's own summaries.
    assert (cnn_row["architecture"], cnn_row["params"], cnn_row["epochs"]) == ("cnn", 155_606, 30)
    assert (mlp_row["architecture"], mlp_row["params"], mlp_row["epochs"]) == ("mlp", 52_650, 2)
    assert cnn_row["latest"] == notebook_job["latest"]
    losses = cnn_row["history"]["val_loss"]
    assert cnn_row["best_epoch"] == losses.index(min(losses)) + 1
    differing = {row["field"]: list(row["values"].values()) for row in told["differences"]}
    assert differing["/architecture"] == ["cnn", "mlp"]
    assert differing["/epochs"] == [30, 2]
    assert differing["/compile/optimizer/name"] == ["sgd", "adam"]
    assert "/dataset" not in differing
    picture = Image.open(io.BytesIO(get(client, "/v1/compare/history.png", models=both).content))
    assert np.asarray(picture.convert("L")).std() > 0
    assert "mlp" in get(client, "/v1/compare/history.svg", models=both).text


@pytest.mark.parametrize(
    ("models", "status", "says"),
    [
        ("{id}", 422, "2 to 8"),
        ("{id},{id}", 422, "twice"),
        ("{id},01a20ab3-db55-75c0-a691-8e55d6a7c130", 404, "01a20ab3"),
        (",".join(["{id}"] * 9), 422, "names 9"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    client: httpx.Client, regularized: dict[str, Any], models: str, status: int, says: str
) -> None:
    response = client.get("/v1/compare", params={"models": models.format(id=regularized["id"])})
    assert response.status_code == status
    assert says in response.json()["detail"]


def test_deleting_a_model_takes_its_evaluation_along(client: httpx.Client, stack: Stack) -> None:
    job = train(client, architecture="mlp", epochs=1, train_samples=64, test_samples=32)
    get(client, f"/v1/models/{job['id']}/evaluation.json")
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert not stack.files(f"analysis/{job['id']}/")
