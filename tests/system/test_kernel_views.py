"""Kernels of every kind as pictures, against the stored weights sliced by hand."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from live import Stack, train

SMALL = {"epochs": 2, "train_samples": 128, "test_samples": 32}
EVERY_KIND = [
    {"type": "depthwise_conv2d", "name": "Depthwise", "kernel_size": 3, "strides": 2, "depth_multiplier": 4},
    {"type": "separable_conv2d", "name": "Separable", "kernel_size": 3, "filters": 6},
    {"type": "conv2d_transpose", "name": "Transposed", "kernel_size": [3, 2], "filters": 5, "activation": "relu"},
    {"type": "max_pooling2d"},
    {"type": "reshape", "target_shape": [6, -1, 5, 1], "name": "Volume"},
    {"type": "conv3d", "name": "Conv3D", "kernel_size": [2, 3, 4], "filters": 3, "padding": "same"},
    {"type": "reshape", "target_shape": [-1, 9]},
    {"type": "conv1d", "name": "Conv1D", "kernel_size": 4, "filters": 7, "strides": 2},
    {"type": "flatten"},
    {"type": "dense", "name": "Hidden", "units": 12, "activation": "relu"},
    {"type": "batch_normalization", "name": "Norm"},
    {"type": "dense", "name": "Output", "units": 10, "activation": "softmax"},
]


@pytest.fixture(scope="module")
def mlp(client: httpx.Client) -> dict[str, Any]:
    job = train(client, architecture="mlp", compile={"optimizer": {"name": "adam"}}, **SMALL)
    assert job["status"] == "succeeded", job["error"]
    return job


@pytest.fixture(scope="module")
def every_kind(client: httpx.Client) -> dict[str, Any]:
    job = train(client, architecture={"layers": EVERY_KIND}, **SMALL)
    assert job["status"] == "succeeded", job["error"]
    return job


def stored(stack: Stack, job: dict[str, Any], name: str, epoch: int = 2) -> np.ndarray[Any, Any]:
    return stack.tensors(job["id"], epoch)[f"model/{name}"]


def get(client: httpx.Client, job: dict[str, Any], path: str, **query: Any) -> httpx.Response:
    response = client.get(f"/v1/models/{job['id']}/layers/{path}", params=query or None)
    assert response.status_code == 200, response.text
    return response


def numbers(client: httpx.Client, job: dict[str, Any], layer: str, **query: Any) -> np.ndarray[Any, Any]:
    content = get(client, job, f"{layer}/filters.npy", **query).content
    array: np.ndarray[Any, Any] = np.load(io.BytesIO(content), allow_pickle=False)
    return array


def picture(response: httpx.Response) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))


@pytest.mark.parametrize(
    ("layer", "tile", "grid"), [("FC1", (28, 28), (8, 8)), ("FC2", (8, 8), (4, 8)), ("FC3", (4, 8), (2, 5))]
)
def test_a_dense_layers_units_are_images(
    client: httpx.Client, stack: Stack, mlp: dict[str, Any], layer: str, tile: tuple[int, int], grid: tuple[int, int]
) -> None:
    kernel = stored(stack, mlp, f"{layer}/0/kernel")
    by_hand = np.stack([kernel[:, unit].reshape(tile) for unit in range(kernel.shape[1])])
    np.testing.assert_array_equal(numbers(client, mlp, layer), by_hand)
    twin = get(client, mlp, f"{layer}/filters.json").json()
    assert (twin["grid"]["rows"], twin["grid"]["cols"]) == grid
    assert twin["slice_shape"] == list(tile)
    assert (twin["weight"], twin["shape"]) == ("kernel", list(kernel.shape))
    # The first tile is darkest at its least weight, and brightest at its greatest.
    scale = twin["grid"]["scale"]
    first = picture(get(client, mlp, f"{layer}/filters.png"))[: tile[0] * scale : scale, : tile[1] * scale : scale, 0]
    assert first[np.unravel_index(by_hand[0].argmin(), tile)] == 0
    assert first[np.unravel_index(by_hand[0].argmax(), tile)] == 255


def test_kernels_of_every_kind_are_cut_as_keras_lays_them_out(
    client: httpx.Client, stack: Stack, every_kind: dict[str, Any]
) -> None:
    job = every_kind
    depthwise = stored(stack, job, "Depthwise/0/kernel")
    assert depthwise.shape == (3, 3, 1, 4)
    by_hand = np.stack([depthwise[:, :, 0, multiplier] for multiplier in range(4)])
    np.testing.assert_array_equal(numbers(client, job, "Depthwise"), by_hand)

    separable = stored(stack, job, "Separable/0/depthwise_kernel")
    assert separable.shape == (3, 3, 4, 1)
    np.testing.assert_array_equal(
        numbers(client, job, "Separable"), np.stack([separable[:, :, channel, 0] for channel in range(4)])
    )
    pointwise = stored(stack, job, "Separable/1/pointwise_kernel")
    assert pointwise.shape == (1, 1, 4, 6)
    np.testing.assert_array_equal(
        numbers(client, job, "Separable", weight="pointwise_kernel"),
        np.stack([pointwise[0, 0, :, f].reshape(2, 2) for f in range(6)]),
    )

    transposed = stored(stack, job, "Transposed/0/kernel")
    assert transposed.shape == (3, 2, 5, 6)
    np.testing.assert_array_equal(
        numbers(client, job, "Transposed", channel=4), np.stack([transposed[:, :, f, 4] for f in range(5)])
    )

    volume = stored(stack, job, "Conv3D/0/kernel")
    assert volume.shape == (2, 3, 4, 1, 3)
    np.testing.assert_array_equal(
        numbers(client, job, "Conv3D"),
        np.stack([np.hstack([volume[plane, :, :, 0, f] for plane in range(2)]) for f in range(3)]),
    )

    sequence = stored(stack, job, "Conv1D/0/kernel")
    assert sequence.shape == (4, 9, 7)
    np.testing.assert_array_equal(
        numbers(client, job, "Conv1D", channel="all"),
        np.stack([sequence[:, c, f][np.newaxis] for c in range(9) for f in range(7)]),
    )
    for layer in ("Depthwise", "Separable", "Transposed", "Conv3D", "Conv1D", "Hidden", "Output"):
        assert picture(get(client, job, f"{layer}/filters.png")).std() > 0
        assert get(client, job, f"{layer}/animation.html").headers["content-type"].startswith("text/html")


@pytest.mark.parametrize(
    ("layer", "shape"),
    [("Conv3D", (3, 6, 5)), ("Conv1D", (7, 1)), ("Volume", (1, 6, 5)), ("Transposed", (5, 13, 12)), ("Norm", (12,))],
)
def test_activations_of_every_shape_are_drawn(
    client: httpx.Client, every_kind: dict[str, Any], layer: str, shape: tuple[int, ...]
) -> None:
    query = {"image": "mnist:test:3"}
    content = get(client, every_kind, f"{layer}/activations.npy", **query).content
    maps = np.load(io.BytesIO(content), allow_pickle=False)
    twin = get(client, every_kind, f"{layer}/activations.json", **query).json()
    assert maps.shape[0] == shape[0] == len(twin["indices"])
    assert maps.size == np.prod(twin["shape"])
    assert get(client, every_kind, f"{layer}/activations.png", **query).headers["content-type"] == "image/png"


def test_the_difference_of_two_epochs_shows_what_training_changed(
    client: httpx.Client, stack: Stack, every_kind: dict[str, Any]
) -> None:
    names = [stored(stack, every_kind, "Transposed/0/kernel", epoch)[:, :, :, 0] for epoch in (0, 2)]
    by_hand = np.moveaxis(names[1] - names[0], -1, 0)
    np.testing.assert_array_equal(numbers(client, every_kind, "Transposed", epoch=2, minus=0), by_hand)
    twin = get(client, every_kind, "Transposed/filters.json", epoch=2, minus=0).json()
    assert twin["minus"] == 0
    assert [part["min"] for part in twin["slices"]] == pytest.approx(by_hand.min(axis=(1, 2)).tolist())
    nothing = numbers(client, every_kind, "Transposed", epoch=2, minus=2)
    assert not nothing.any()
    response = client.get(f"/v1/models/{every_kind['id']}/layers/Transposed/filters.png?minus=3")
    assert response.status_code == 404
    assert "stored are 0 to 2" in response.json()["detail"]


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_animations_have_a_frame_an_epoch_with_the_pixels_of_the_still_picture(
    client: httpx.Client, every_kind: dict[str, Any], kind: str
) -> None:
    response = get(client, every_kind, f"Transposed/animation.{kind}")
    assert response.headers["content-type"] == f"image/{kind}"
    assert "immutable" not in response.headers["cache-control"]
    film = Image.open(io.BytesIO(response.content))
    assert film.n_frames == 3
    for epoch in range(3):
        film.seek(epoch)
        frame = np.asarray(film.convert("RGB"))
        still = picture(get(client, every_kind, "Transposed/filters.png", epoch=epoch))
        np.testing.assert_array_equal(frame[: still.shape[0], : still.shape[1]], still)


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("Hidden/filters.png?channel=1", 422, "0 or 'all'"),
        ("Separable/filters.png?weight=bias", 422, "depthwise_kernel, pointwise_kernel"),
        ("Norm/filters.png", 422, "Depthwise, Separable, Transposed, Conv3D, Conv1D, Hidden, Output"),
        ("Conv1D/filters.json?channel=9", 422, "0..8"),
        ("Conv3D/animation.gif?minus=x", 422, "minus"),
    ],
)
def test_what_cannot_be_drawn_is_told_with_what_can(
    client: httpx.Client, every_kind: dict[str, Any], path: str, status: int, says: str
) -> None:
    response = client.get(f"/v1/models/{every_kind['id']}/layers/{path}")
    assert response.status_code == status, response.text
    assert says in response.text


def test_biases_and_normalisation_are_told_and_drawn(
    client: httpx.Client, stack: Stack, every_kind: dict[str, Any]
) -> None:
    told = get(client, every_kind, "Norm/values.json").json()["vectors"]
    assert [vector["name"] for vector in told] == ["gamma", "beta", "moving_mean", "moving_variance"]
    for index, vector in enumerate(told):
        by_hand = stored(stack, every_kind, f"Norm/{index}/{vector['name']}")
        np.testing.assert_allclose(vector["values"], by_hand, rtol=1e-6)
    for layer in ("Norm", "Conv1D"):
        assert picture(get(client, every_kind, f"{layer}/values.png")).std() > 0
        assert get(client, every_kind, f"{layer}/values.svg").text.startswith("<svg")
    response = client.get(f"/v1/models/{every_kind['id']}/layers/Volume/values.png")
    assert (response.status_code, response.json()["type"]) == (422, "/problems/no-vectors")


def test_a_histogram_over_epochs_counts_every_weight(
    client: httpx.Client, stack: Stack, every_kind: dict[str, Any]
) -> None:
    told = get(client, every_kind, "Hidden/histogram.json", bins=16).json()
    kernels = [stored(stack, every_kind, "Hidden/0/kernel", epoch).astype(np.float64) for epoch in (0, 1, 2)]
    low, high = min(kernel.min() for kernel in kernels), max(kernel.max() for kernel in kernels)
    assert (told["weight"], told["epoch"]) == ("kernel", [0, 1, 2])
    for counts, kernel in zip(told["counts"], kernels, strict=True):
        assert counts == np.histogram(kernel, bins=16, range=(low, high))[0].tolist()
    np.testing.assert_allclose(told["edges"], np.linspace(low, high, 17))
    np.testing.assert_allclose(told["percentiles"]["50"], [np.median(kernel) for kernel in kernels])
    assert picture(get(client, every_kind, "Hidden/histogram.png", weight="bias")).std() > 0
    assert get(client, every_kind, "Hidden/histogram.svg").text.startswith("<svg")
    response = client.get(f"/v1/models/{every_kind['id']}/layers/Hidden/histogram.png?weight=gamma")
    assert (response.status_code, "kernel, bias" in response.text) == (422, True)
