"""Embeddings and similarities of networks that were trained for it, over HTTP."""

from __future__ import annotations

import base64
import json
import re
import zlib
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.representations.separability import separability
from cnnservice.representations.similarity import centred, similarity_matrix
from live import Stack, train, wait_until

SPEC: dict[str, Any] = {"train_samples": 600, "test_samples": 120, "epochs": 2}
DENSE = [{"type": "flatten", "name": "Flat"}, {"type": "dense", "name": "Out", "units": 10, "activation": "softmax"}]


@pytest.fixture(scope="module")
def cnn(client: httpx.Client) -> str:
    return str(train(client, **SPEC)["id"])


@pytest.fixture(scope="module")
def mlp(client: httpx.Client) -> str:
    return str(train(client, **{**SPEC, "architecture": "mlp", "test_samples": 100})["id"])


def ask(client: httpx.Client, url: str, **query: Any) -> httpx.Response:
    """The result, however long it takes."""

    def answer() -> httpx.Response | None:
        found = client.get(url, params=query)
        return None if found.status_code == 202 else found

    return wait_until(answer, url)


def embedding(model: str, ending: str, layer: str = "FC1") -> str:
    return f"/v1/models/{model}/layers/{layer}/embedding.{ending}"


def similarity(model: str, ending: str = "json") -> str:
    return f"/v1/models/{model}/similarity.{ending}"


def outputs(client: httpx.Client, model: str, layer: str, image: str, epoch: int | str = "last") -> NDArray[np.float32]:
    content = client.get(
        f"/v1/models/{model}/layers/{layer}/activations.npy", params={"image": image, "epoch": epoch}
    ).content
    return np.load(BytesIO(content)).ravel()


def test_an_embedding_is_of_the_layers_outputs(client: httpx.Client, cnn: str) -> None:
    told = ask(client, embedding(cnn, "json"), images=40).json()
    assert (told["epoch"], told["layer"], told["method"], told["parameters"]) == (2, "FC1", "pca", {})
    assert (told["dimensions"], told["reduced_to"]) == (100, None)
    assert len(set(told["images"])) == 40
    assert (told["images"][0], told["images"][-1]) == ("mnist:test:0", "mnist:test:119")
    representation = np.array([outputs(client, cnn, "FC1", image) for image in told["images"]])
    centre = representation - representation.mean(axis=0)
    left, values, _ = np.linalg.svd(centre.astype(np.float64), full_matrices=False)
    expected = left[:, :2] * values[:2]
    points = np.array(told["points"])
    signs = np.sign((points * expected).sum(axis=0))
    np.testing.assert_allclose(points, expected * signs, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_allclose(told["explained_variance"], values[:2] ** 2 / (values**2).sum(), rtol=1e-4)
    labels = [
        client.get(f"/v1/datasets/mnist/test/{image.split(':')[2]}.json").json()["label"] for image in told["images"]
    ]
    assert told["labels"] == labels
    apart = separability(representation, np.array(labels))
    assert told["silhouette"] == pytest.approx(apart.silhouette, abs=1e-4)
    assert told["neighbor_accuracy"] == pytest.approx(apart.neighbor_accuracy, abs=0.03)
    array = np.load(BytesIO(ask(client, embedding(cnn, "npy"), images=40).content))
    np.testing.assert_array_equal(array, points.astype(np.float32))


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_neighbours_stay_neighbours(client: httpx.Client, cnn: str, method: str) -> None:
    told = ask(client, embedding(cnn, "json", "MaxPool2"), method=method, seed=3).json()
    assert (told["dimensions"], told["reduced_to"], told["explained_variance"]) == (1024, 50, None)
    defaults = {"tsne": {"perplexity": 30, "seed": 3}, "umap": {"neighbors": 15, "min_dist": 0.1, "seed": 3}}
    assert told["parameters"] == defaults[method]
    points, labels = np.array(told["points"]), np.array(told["labels"])
    assert points.shape == (120, 2)
    mixed = separability(np.random.default_rng(0).permutation(points), labels).neighbor_accuracy
    assert separability(points, labels).neighbor_accuracy > 2 * mixed


def test_the_last_frame_of_the_animation_is_the_still_picture(client: httpx.Client, cnn: str) -> None:
    still = np.array(ask(client, embedding(cnn, "json"), epoch=2).json()["points"])
    page = ask(client, embedding(cnn, "html")).text
    facts = json.loads(re.search(r"const facts = (\{.*\});", page)[1])  # type: ignore[index]
    assert facts["epochs"] == [0, 1, 2]
    assert facts["captions"][0].startswith("before training · silhouette")
    places = np.frombuffer(zlib.decompress(base64.b64decode(facts["places"])), "<u2").reshape(3, -1, 2)
    low, high = still.min(axis=0), still.max(axis=0)
    factor = np.ptp(places[-1, :, 0].astype(float)) / (high[0] - low[0])
    np.testing.assert_allclose(
        (places[-1] - places[-1].mean(axis=0)) * [1, -1], (still - still.mean(axis=0)) * factor, atol=1.5
    )
    for ending in ("gif", "webp"):
        film: Any = Image.open(BytesIO(ask(client, embedding(cnn, ending)).content))
        assert film.n_frames == 3


def test_every_format_is_kept_under_a_tag_and_parameters_change_it(client: httpx.Client, cnn: str) -> None:
    tags = set()
    for ending in ("json", "png", "npy", "html", "gif", "webp"):
        answer = ask(client, embedding(cnn, ending), epoch=2)
        assert answer.status_code == 200, answer.text
        assert "immutable" in answer.headers["cache-control"]
        tags.add(answer.headers["etag"])
        known = {"If-None-Match": answer.headers["etag"]}
        assert client.get(embedding(cnn, ending), params={"epoch": 2}, headers=known).status_code == 304
        last = client.get(embedding(cnn, ending), headers=known)
        assert (last.status_code, last.headers["cache-control"]) == (304, "no-cache")
    tags |= {ask(client, embedding(cnn, "png"), epoch=2, images=30).headers["etag"]}
    tags |= {ask(client, embedding(cnn, "png"), epoch=2, method="tsne").headers["etag"]}
    assert len(tags) == 8


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"images": 121}, "images is 121; the model is tested on 120"),
        ({"images": 4}, "greater than or equal to 5"),
        ({"method": "tsne", "perplexity": 120}, "below the number of images, which is 120"),
        ({"method": "umap", "images": 10, "neighbors": 10}, "below the number of images, which is 10"),
        ({"perplexity": 5}, "perplexity is a parameter of tsne"),
        ({"method": "lda"}, "'pca', 'umap' or 'tsne'"),
    ],
)
def test_an_embedding_that_cannot_be_is_said_to_be_why(
    client: httpx.Client, cnn: str, query: dict[str, Any], said: str
) -> None:
    answer = client.get(embedding(cnn, "json"), params=query)
    assert answer.status_code == 422
    assert said in answer.text


def test_an_unknown_layer_is_not_found(client: httpx.Client, cnn: str) -> None:
    assert client.get(embedding(cnn, "png", "Conv9")).status_code == 404
    answer = client.get(similarity(cnn), params={"over": "epochs", "layer": "Conv9"})
    assert answer.status_code == 404


def test_limits_are_where_they_say(client: httpx.Client, strict_stack: Stack) -> None:
    with strict_stack.client as strict:
        model = str(train(strict, train_samples=64, test_samples=60, epochs=1, architecture={"layers": DENSE})["id"])
        assert len(ask(strict, embedding(model, "json", "Out")).json()["points"]) == 50
        # Its values are 10,000, and Flat has 784.
        assert len(ask(strict, embedding(model, "json", "Flat")).json()["points"]) == 12
        assert ask(strict, embedding(model, "json", "Flat"), images=12).status_code == 200
        assert ask(strict, embedding(model, "json", "Out"), images=50).status_code == 200
        for layer, images, setting in (
            ("Out", 51, "CNNSERVICE_MAX_REPRESENTED_IMAGES"),
            ("Flat", 13, "CNNSERVICE_MAX_REPRESENTATION_VALUES"),
        ):
            answer = strict.get(embedding(model, "json", layer), params={"images": images})
            assert answer.status_code == 422
            assert setting in answer.text
        assert ask(strict, similarity(model)).json()["samples"] == 12


def test_an_animation_has_no_more_epochs_and_pixels_than_it_may(strict_stack: Stack) -> None:
    with strict_stack.client as strict:
        model = str(train(strict, train_samples=64, test_samples=20, epochs=3, architecture={"layers": DENSE})["id"])
        page = ask(strict, embedding(model, "html", "Out")).text
        assert "3 of 4 epochs are shown, evenly spread." in page
        assert len(ask(strict, similarity(model), over="epochs", layer="Out").json()["rows"]) == 3
        for ending in ("gif", "webp"):
            assert ask(strict, embedding(model, ending, "Out"), epoch=1).status_code == 200
            answer = strict.get(embedding(model, ending, "Out"), params={"epoch": 2})
            assert answer.status_code == 422
            assert "CNNSERVICE_MAX_ANIMATION_PIXELS" in answer.text


def test_layers_are_as_alike_as_their_outputs(client: httpx.Client, cnn: str) -> None:
    told = ask(client, similarity(cnn), images=30).json()
    layers = ["Conv1", "MaxPool1", "Conv2", "MaxPool2", "Flatten", "FC1", "FC2"]
    assert told["rows"] == told["columns"] == [{"model_id": cnn, "epoch": 2, "layer": layer} for layer in layers]
    assert told["samples"] == 30
    images = [f"mnist:test:{index}" for index in np.linspace(0, 119, 30).round().astype(int)]
    prepared = [
        centred(np.array([outputs(client, cnn, layer, image) for image in images])) for layer in ("Conv2", "FC1", "FC2")
    ]
    values = np.array(told["values"])
    np.testing.assert_allclose(values[np.ix_([2, 5, 6], [2, 5, 6])], similarity_matrix(prepared, prepared), atol=1e-4)
    np.testing.assert_allclose(np.diag(values), 1, atol=1e-5)
    np.testing.assert_allclose(values, values.T, atol=1e-6)
    assert values[3, 4] == pytest.approx(1, abs=1e-5), "Flatten changes nothing"
    array = np.load(BytesIO(ask(client, similarity(cnn, "npy"), images=30).content))
    np.testing.assert_array_equal(array, values.astype(np.float32))
    picture = Image.open(BytesIO(ask(client, similarity(cnn, "png"), images=30).content))
    assert picture.format == "PNG"


def test_two_models_are_compared_by_the_images_both_were_tested_on(client: httpx.Client, cnn: str, mlp: str) -> None:
    told = ask(client, similarity(cnn), **{"with": mlp, "with_epoch": 1, "images": 100}).json()
    assert told["samples"] == 100
    assert {(column["model_id"], column["epoch"]) for column in told["columns"]} == {(mlp, 1)}
    assert [column["layer"] for column in told["columns"]] == ["Flatten", "FC1", "FC2", "FC3"]
    values = np.array(told["values"])
    assert values.shape == (7, 4)
    other = np.array(ask(client, similarity(mlp), **{"epoch": 1, "with": cnn, "images": 100}).json()["values"])
    np.testing.assert_allclose(other, values.T, atol=1e-5)
    answer = client.get(similarity(cnn), params={"with": mlp, "images": 101})
    assert answer.status_code == 422
    # An image that both flatten is the same image.
    assert values[0, 0] > values[0, 3]


def test_epochs_of_a_layer_are_compared_and_come_nearer_to_the_last(client: httpx.Client, cnn: str) -> None:
    told = ask(client, similarity(cnn), over="epochs", layer="FC1").json()
    assert told["rows"] == [{"model_id": cnn, "epoch": epoch, "layer": "FC1"} for epoch in range(3)]
    values = np.array(told["values"])
    assert values[0, 2] < values[1, 2] < values[2, 2]


def test_a_comparison_is_kept_under_the_epochs_of_both(client: httpx.Client, cnn: str, mlp: str) -> None:
    def tagged(**query: Any) -> tuple[str, str]:
        headers = ask(client, similarity(cnn), **query).headers
        return headers["etag"], headers["cache-control"]

    fixed, forever = tagged(**{"epoch": 2, "with": mlp, "with_epoch": 2})
    assert "immutable" in forever
    for last in ({"epoch": 2, "with": mlp}, {"with": mlp, "with_epoch": 2}, {"with": mlp}):
        assert tagged(**last) == (fixed, "no-cache")
    assert tagged(**{"epoch": 2, "with": mlp, "with_epoch": 1})[0] != fixed
    assert tagged(**{"epoch": 1, "with": mlp, "with_epoch": 2})[0] != fixed


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"over": "epochs"}, "layer says which"),
        ({"layer": "FC1"}, "layer belongs to over=epochs"),
        ({"over": "epochs", "layer": "FC1", "with": "x"}, "over=epochs is of one"),
        ({"with_epoch": 1}, "with says which"),
    ],
)
def test_a_comparison_that_says_too_little_or_too_much_is_told_so(
    client: httpx.Client, cnn: str, query: dict[str, Any], said: str
) -> None:
    answer = client.get(similarity(cnn), params=query)
    assert answer.status_code == 422
    assert said in answer.text


def test_models_of_different_data_sets_are_not_compared(client: httpx.Client, cnn: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 28, 28), np.uint8)
    buffer = BytesIO()
    np.savez(buffer, x_train=pixels, y_train=np.arange(40) % 10, x_test=pixels, y_test=np.arange(40) % 10)
    posted = client.post("/v1/datasets", data={"name": "noise"}, files={"file": ("noise.npz", buffer.getvalue())})
    assert posted.status_code == 201, posted.text
    job = train(client, dataset="noise", train_samples=40, test_samples=40, epochs=1, architecture={"layers": DENSE})
    answer = client.get(similarity(cnn), params={"with": job["id"]})
    assert answer.status_code == 422
    assert "mnist" in answer.json()["detail"]
    assert "noise" in answer.json()["detail"]
    assert client.get(similarity(cnn), params={"with": "nobody"}).status_code == 404


def test_a_dead_layer_is_like_nothing_and_a_single_point(client: httpx.Client) -> None:
    layers = [DENSE[0], {"type": "dense", "name": "Dead", "units": 4, "kernel_initializer": "zeros"}, DENSE[1]]
    model = str(train(client, train_samples=10, test_samples=20, epochs=1, architecture={"layers": layers})["id"])
    told = ask(client, similarity(model), epoch=0).json()
    assert told["values"][1] == [None, None, None]
    assert told["values"][0][0] == pytest.approx(1)
    laid = ask(client, embedding(model, "json", "Dead"), epoch=0).json()
    assert {tuple(point) for point in laid["points"]} == {(0.0, 0.0)}
    assert laid["explained_variance"] is laid["silhouette"] is laid["neighbor_accuracy"] is None
    assert ask(client, embedding(model, "png", "Dead"), epoch=0).status_code == 200


def test_training_sets_classes_apart_and_comes_to_rest(client: httpx.Client, notebook_job: dict[str, Any]) -> None:
    model = notebook_job["id"]
    laid = [ask(client, embedding(model, "json"), epoch=epoch).json() for epoch in (0, 5, 10, 30)]
    for number in ("silhouette", "neighbor_accuracy"):
        values = [answer[number] for answer in laid]
        assert values == sorted(values), (number, values)
    assert laid[-1]["neighbor_accuracy"] > 0.9 > laid[0]["neighbor_accuracy"]
    to_last = np.array(ask(client, similarity(model), over="epochs", layer="FC1").json()["values"])[-1]
    assert to_last.shape == (31,)
    # To two digits: in its last epochs it moves so little that rounding decides.
    assert (np.diff(to_last) > -0.01).all(), to_last
    assert to_last[0] < 0.8 < to_last[10] < to_last[20]
