"""The inputs that filters of the notebook's network prefer, over HTTP."""

from __future__ import annotations

import io
from itertools import pairwise
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from live import Stack, train

SHORT: dict[str, Any] = {"steps": 24, "wait": 60}


@pytest.fixture(scope="module")
def place(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['model_id']}/layers"


def get(client: httpx.Client, url: str, **query: Any) -> httpx.Response:
    answer = client.get(url, params={"wait": 60, **query})
    assert answer.status_code == 200, answer.text
    return answer


def array(client: httpx.Client, url: str, **query: Any) -> NDArray[np.float32]:
    loaded: NDArray[np.float32] = np.load(io.BytesIO(get(client, url, **query).content))
    return loaded


def test_a_unit_of_the_first_convolution_prefers_its_kernel(client: httpx.Client, place: str) -> None:
    query = {"objective": "unit", "decay": 0.1, "blur": 0}
    found = array(client, f"{place}/Conv1/maximization.npy", **query)
    kernels = np.load(io.BytesIO(client.get(f"{place}/Conv1/filters.npy").content))
    assert found.shape == (32, 28, 28)
    assert found.dtype == np.float32
    for image, kernel in zip(found, kernels, strict=True):
        assert np.corrcoef(image[12:17, 12:17].ravel(), kernel.ravel())[0, 1] > 0.99


def test_the_network_takes_the_input_of_a_logit_for_its_digit(client: httpx.Client, place: str) -> None:
    sheet = get(client, f"{place}/FC2/maximization.json").json()
    assert sheet["indices"] == list(range(10))
    assert sheet["shape"] == [10, 28, 28]
    assert sheet["slice_shape"] == [28, 28]
    assert sheet["parameters"]["jitter"] == 2
    assert all(told["moved"] and told["end"] > max(told["start"], 2) for told in sheet["filters"])
    images = array(client, f"{place}/FC2/maximization.npy")
    for slice_range, image in zip(sheet["slices"], images, strict=True):
        assert (slice_range["min"], slice_range["max"]) == (image.min(), image.max())
    assert np.abs(images).max() <= 1
    model = place.removesuffix("/layers")
    for digit, image in enumerate(images):
        png = io.BytesIO()
        Image.fromarray(np.round((image / 2 + 0.5) * 255).astype(np.uint8)).save(png, "PNG")
        files = {"file": ("digit.png", png.getvalue(), "image/png")}
        answer = client.post(f"{model}/predictions", params={"invert": "false"}, files=files)
        assert answer.json()["top"][0]["class"] == digit


def test_one_filter_is_the_tile_it_is_in_the_grid(client: httpx.Client, place: str) -> None:
    url = f"{place}/Conv2/maximization"
    grid = array(client, f"{url}.npy", **SHORT, start=30, count=4)
    for index in (30, 33):
        np.testing.assert_array_equal(array(client, f"{url}.npy", **SHORT, filter=index)[0], grid[index - 30])
    sampled = get(client, f"{url}.json", **SHORT, sample=3, seed=5).json()
    assert sampled["indices"] == np.random.default_rng(5).choice(64, size=3, replace=False).tolist()


def test_the_picture_shows_the_array(client: httpx.Client, place: str) -> None:
    url, query = f"{place}/FC2/maximization", {"filter": 3, "scale": 2, "normalize": "each"}
    picture = np.asarray(Image.open(io.BytesIO(get(client, f"{url}.png", **query).content)))
    image = array(client, f"{url}.npy", filter=3)[0]
    shown = np.round((image - image.min()) / (image.max() - image.min()) * 255)
    assert np.abs(picture[::2, ::2].astype(int) - shown).max() <= 1


def test_another_filter_of_the_group_is_there_without_waiting(client: httpx.Client, place: str) -> None:
    url = f"{place}/Conv1/maximization.json"
    get(client, url, filter=0, steps=3)
    assert client.get(url, params={"filter": 31, "steps": 3, "wait": 0}).status_code == 200


def test_over_the_epochs_it_moves_and_ends_with_the_still(client: httpx.Client, place: str) -> None:
    query = {"steps": 8, "epoch": 3, "cols": 5, "scale": 2, "gap": 2}
    page = get(client, f"{place}/FC2/maximization.html", **query)
    assert "FC2 prefers" in page.text
    webp = Image.open(io.BytesIO(get(client, f"{place}/FC2/maximization.webp", **query).content))
    gif = Image.open(io.BytesIO(get(client, f"{place}/FC2/maximization.gif", **query).content))
    assert webp.n_frames == gif.n_frames == 4
    still = np.asarray(Image.open(io.BytesIO(get(client, f"{place}/FC2/maximization.png", **query).content)))
    frames = []
    for frame in range(4):
        webp.seek(frame)
        frames.append(np.asarray(webp.convert("L"))[: still.shape[0], : still.shape[1]].astype(int))
    assert np.abs(frames[-1] - still).max() <= 1
    assert all(np.abs(one - next_one).max() > 20 for one, next_one in pairwise(frames))


def test_an_explicit_epoch_is_immutable_and_not_sent_twice(client: httpx.Client, place: str) -> None:
    for ending in ("png", "html"):
        answer = get(client, f"{place}/FC2/maximization.{ending}", steps=2, epoch=2)
        assert "immutable" in answer.headers["cache-control"]
        again = client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


def test_images_in_colour_are_sought_in_colour(client: httpx.Client, stack: Stack) -> None:
    random = np.random.default_rng(0)
    pixels, labels = random.integers(0, 256, (24, 10, 12, 3), dtype=np.uint8), np.arange(24) % 2
    packed = io.BytesIO()
    np.savez(packed, x_train=pixels, y_train=labels, x_test=pixels[:4], y_test=labels[:4])
    answer = client.post("/v1/datasets", data={"name": "specks"}, files={"file": ("specks.npz", packed.getvalue())})
    assert answer.status_code == 201, answer.text
    layers = [
        {"type": "conv2d", "name": "Conv", "filters": 3, "kernel_size": 3, "activation": "relu"},
        {"type": "flatten", "name": "Flat"},
        {"type": "dense", "name": "Out", "units": 2, "activation": "softmax"},
    ]
    spec = {"dataset": "specks", "train_samples": 24, "test_samples": 4, "epochs": 1, "normalization": "standard"}
    job = train(client, **spec, architecture={"layers": layers})
    assert job["status"] == "succeeded", job["error"]
    url = f"/v1/models/{job['id']}/layers/Conv"
    assert array(client, f"{url}/maximization.npy").shape == (3, 10, 12, 3)
    assert Image.open(io.BytesIO(get(client, f"{url}/maximization.png").content)).mode == "RGB"
    assert get(client, f"{url}/maximization.gif").content.startswith(b"GIF")
    top = Image.open(io.BytesIO(get(client, f"{url}/top_images.png", count=2, scale=1, gap=0).content))
    assert (top.mode, top.size) == ("RGB", (6, 9))


@pytest.mark.parametrize(
    ("layer", "query", "status", "says"),
    [
        ("Conv1", {"filter": 31, "steps": 1}, 200, ""),
        ("Conv1", {"filter": 32}, 422, "0..31 is allowed"),
        ("Conv1", {"filter": 3, "count": 2}, 422, "cannot be combined"),
        ("Conv1", {"start": 32}, 422, "0..31 is allowed"),
        ("Flatten", {}, 422, "Conv1, MaxPool1, Conv2, MaxPool2, FC1, FC2"),
        ("Conv9", {}, 404, "no layer"),
        ("Conv1", {"steps": 1025}, 422, "at most 1024"),
        ("Conv1", {"decay": 1}, 422, "less than 1"),
        ("Conv1", {"jitter": 65}, 422, "less than or equal to 64"),
        ("Conv1", {"objective": "best"}, 422, "map"),
        ("Conv1", {"cmap": "none"}, 422, "colormap"),
        ("Conv1", {"power": 1}, 422, "power"),
        ("Conv1", {"epoch": 31}, 404, "0 to 30"),
    ],
)
def test_what_can_be_asked(
    client: httpx.Client, place: str, layer: str, query: dict[str, Any], status: int, says: str
) -> None:
    answer = client.get(f"{place}/{layer}/maximization.json", params={"wait": 60, **query})
    assert answer.status_code == status, answer.text
    assert says in answer.text


def test_no_more_is_sought_at_once_than_the_settings_allow(strict_stack: Stack) -> None:
    with strict_stack.client as client:
        job = train(client, dataset="mnist", train_samples=64, test_samples=10, epochs=1)
        layers = f"/v1/models/{job['id']}/layers"
        assert client.get(f"{layers}/Conv1/maximization.png", params={"steps": 64, "wait": 60}).status_code == 200
        for url, query, limit in (
            ("Conv1/maximization.png", {"steps": 65}, "CNNSERVICE_MAX_MAXIMIZATION_STEPS"),
            ("Conv2/maximization.png", {}, "CNNSERVICE_MAX_MAXIMIZED_INPUTS"),
            ("Conv1/maximization.html", {}, "CNNSERVICE_MAX_MAXIMIZED_INPUTS"),
        ):
            answer = client.get(f"{layers}/{url}", params={"steps": 2, **query})
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/limit-exceeded")
            assert limit in answer.json()["detail"]
