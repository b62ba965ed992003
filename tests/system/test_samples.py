"""Images of a data set by class and by reference, and an image as a model reads it: against the arrays themselves."""

from __future__ import annotations

import io
from importlib.resources import files
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def arrays() -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Images and labels of the test split as they lie in the package."""
    with np.load(io.BytesIO((files("cnnservice.datasets") / "mnist_head.npz").read_bytes())) as head:
        return head["x_test"], head["y_test"]


def test_a_class_has_its_images_in_order(client: httpx.Client, arrays: Any) -> None:
    _, labels = arrays
    threes = np.flatnonzero(labels == 3)
    sheet = client.get("/v1/datasets/mnist/test/images.json?class=3&rows=2&cols=5&start=10").json()
    assert sheet["total"] == len(threes)
    assert [item["index"] for item in sheet["items"]] == threes[10:20].tolist()
    assert {item["class_name"] for item in sheet["items"]} == {"3"}
    assert sheet["items"][0]["image"] == f"mnist:test:{threes[10]}"
    assert client.get(sheet["items"][0]["url"]).status_code == 200


def test_the_picture_shows_what_its_twin_lists(client: httpx.Client, arrays: Any) -> None:
    images, _ = arrays
    query = "class=8&rows=2&cols=3&start=4&scale=1&gap=3"
    sheet = client.get(f"/v1/datasets/mnist/test/images.json?{query}").json()
    picture = np.asarray(Image.open(io.BytesIO(client.get(f"/v1/datasets/mnist/test/images.png?{query}").content)))
    grid = sheet["grid"]
    for n, item in enumerate(sheet["items"]):
        top, left = (n // grid["cols"]) * grid["row_pitch"], (n % grid["cols"]) * grid["col_pitch"]
        np.testing.assert_array_equal(picture[top : top + 28, left : left + 28], images[item["index"]].reshape(28, 28))


def test_images_are_drawn_at_random_within_a_class(client: httpx.Client) -> None:
    def drawn(seed: int) -> list[int]:
        sheet = client.get(f"/v1/datasets/mnist/test/images.json?class=5&rows=2&cols=2&seed={seed}").json()
        assert {item["label"] for item in sheet["items"]} == {5}
        return [item["index"] for item in sheet["items"]]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ("class=10", 422, "class is 10; 0..9 is allowed."),
        ("class=-1", 422, "?class"),
        ("class=3&start=999", 404, "There is no image 999"),
        ("start=1000", 404, "indices: 0 to 999"),
    ],
)
def test_what_there_is_not_is_said(client: httpx.Client, query: str, status: int, said: str) -> None:
    for ending in ("json", "png"):
        answer = client.get(f"/v1/datasets/mnist/test/images.{ending}?{query}")
        assert answer.status_code == status
        assert said in answer.json()["detail"]


def test_a_model_reads_a_test_image_as_it_is(client: httpx.Client, notebook_job: dict[str, Any], arrays: Any) -> None:
    images, _ = arrays
    answer = client.get(f"/v1/models/{notebook_job['id']}/input.png?image=mnist:test:11&scale=1")
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(answer.content))), images[11].reshape(28, 28))
    again = client.get(answer.request.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.headers["Cache-Control"]) == (304, "public, max-age=31536000, immutable")


def test_an_upload_is_shown_inverted_and_fitted(client: httpx.Client, notebook_job: dict[str, Any]) -> None:
    black_on_white = Image.new("L", (200, 200), 255)
    black_on_white.paste(0, (90, 40, 110, 160))
    buffer = io.BytesIO()
    black_on_white.save(buffer, "PNG")
    reference = client.post("/v1/images", files={"file": buffer.getvalue()}).json()["reference"]
    place = f"/v1/models/{notebook_job['id']}/input.png"
    seen = np.asarray(Image.open(io.BytesIO(client.get(place, params={"image": reference, "scale": 1}).content)))
    assert seen.shape == (28, 28)
    assert seen[14, 14] > 200, "the stroke is light"
    assert seen[0, 0] == 0, "on a dark ground"
    kept = client.get(place, params={"image": reference, "scale": 1, "invert": "false"})
    assert np.asarray(Image.open(io.BytesIO(kept.content)))[0, 0] == 255
