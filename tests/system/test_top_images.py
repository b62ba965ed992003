"""The test images that most activate filters of the notebook's network, drawn and told."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image


@pytest.fixture(scope="module")
def place(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['model_id']}/layers"


def told(client: httpx.Client, url: str, **query: Any) -> list[dict[str, Any]]:
    answer = client.get(f"{url}/top_images.json", params={"wait": 60, **query})
    assert answer.status_code == 200, answer.text
    filters: list[dict[str, Any]] = answer.json()["filters"]
    return filters


def picture(client: httpx.Client, url: str, **query: Any) -> NDArray[np.uint8]:
    answer = client.get(f"{url}/top_images.png", params={"wait": 60, "scale": 1, "gap": 0, **query})
    assert answer.status_code == 200, answer.text
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def pixels(client: httpx.Client, reference: str) -> NDArray[np.uint8]:
    sample = client.get(f"/v1/datasets/{reference.replace(':', '/')}.json").json()
    return np.array(sample["pixels"], np.uint8)[..., 0]


def test_each_image_is_named_with_its_class_and_what_of_it_is_seen(client: httpx.Client, place: str) -> None:
    for row in told(client, f"{place}/Conv2", filters=3, start=5, count=4):
        values = [image["value"] for image in row["images"]]
        assert values == sorted(values, reverse=True)
        for image in row["images"]:
            sample = client.get(image["url"].replace(".png", ".json")).json()
            assert (sample["reference"], sample["label"]) == (image["image"], image["label"])
            assert sample["class_name"] == image["class_name"]
            y, x = image["position"]
            assert image["box"] == [2 * y, 2 * x, 2 * y + 14, 2 * x + 14]


def test_the_value_is_what_the_filter_says_of_the_box_alone(client: httpx.Client, place: str) -> None:
    (row,) = told(client, f"{place}/Conv2", filter=7, count=3)
    assert row["filter"] == 7
    model = place.removesuffix("/layers")
    for image in row["images"]:
        top, left, bottom, right = image["box"]
        kept = np.zeros((28, 28), np.uint8)
        kept[top:bottom, left:right] = pixels(client, image["image"])[top:bottom, left:right]
        png = io.BytesIO()
        Image.fromarray(kept).save(png, "PNG")
        answer = client.post(
            f"{model}/activations", params={"layer": "Conv2", "invert": "false"}, files={"file": png.getvalue()}
        )
        y, x = image["position"]
        assert answer.json()["values"][y][x][7] == pytest.approx(image["value"], rel=1e-4)


def test_the_most_a_logits_images_are_of_its_class(client: httpx.Client, place: str) -> None:
    for row in told(client, f"{place}/FC2", count=1):
        assert row["images"][0]["label"] == row["filter"]
        assert row["images"][0]["position"] == []
        assert row["images"][0]["box"] == [0, 0, 28, 28]


def test_a_row_of_patches_is_a_filter(client: httpx.Client, place: str) -> None:
    drawn = picture(client, f"{place}/Conv1", count=4, start=10, filters=2)
    assert drawn.shape == (2 * 5, 4 * 5)
    for row, of_filter in enumerate(told(client, f"{place}/Conv1", count=4, start=10, filters=2)):
        for column, image in enumerate(of_filter["images"]):
            top, left, bottom, right = image["box"]
            patch = pixels(client, image["image"])[top:bottom, left:right]
            np.testing.assert_array_equal(drawn[5 * row : 5 * row + 5, 5 * column : 5 * column + 5], patch)


def test_the_whole_images_are_faded_around_what_is_seen(client: httpx.Client, place: str) -> None:
    drawn = picture(client, f"{place}/Conv2", filter=0, count=9, view="images")
    assert drawn.shape == (3 * 28, 3 * 28)
    (row,) = told(client, f"{place}/Conv2", filter=0, count=9)
    image = row["images"][0]
    top, left, bottom, right = image["box"]
    whole = pixels(client, image["image"]).astype(int)
    faded = (whole + 128) // 2
    faded[top:bottom, left:right] = whole[top:bottom, left:right]
    np.testing.assert_array_equal(drawn[:28, :28], faded)


def test_another_filter_of_the_layer_is_there_without_waiting(client: httpx.Client, place: str) -> None:
    told(client, f"{place}/FC1", filter=3, count=2)
    for ending in ("json", "png"):
        answer = client.get(f"{place}/FC1/top_images.{ending}", params={"filter": 99, "count": 2, "wait": 0})
        assert answer.status_code == 200
        again = client.get(answer.url, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


def test_labels_are_written_below(client: httpx.Client, place: str) -> None:
    plain, labelled = (picture(client, f"{place}/Conv2", filter=0, scale=4, labels=labels) for labels in (False, True))
    assert labelled.shape[0] > plain.shape[0]


@pytest.mark.parametrize(
    ("layer", "query", "status", "says"),
    [
        ("Conv1", {"filter": 32}, 422, "0..31 is allowed"),
        ("Conv1", {"filter": 1, "start": 1}, 422, "cannot be combined"),
        ("Conv1", {"start": 32}, 422, "0..31 is allowed"),
        ("Conv1", {"start": 30, "filters": 2}, 200, ""),
        ("Conv1", {"start": 30, "filters": 3}, 422, "1..2 is allowed"),
        ("Flatten", {}, 422, "passes on"),
        ("Conv1", {"count": 101}, 422, "less than or equal to 100"),
        ("Conv1", {"view": "all"}, 422, "patches"),
    ],
)
@pytest.mark.parametrize("ending", ["json", "png"])
def test_what_can_be_asked(
    client: httpx.Client, place: str, ending: str, layer: str, query: dict[str, Any], status: int, says: str
) -> None:
    answer = client.get(f"{place}/{layer}/top_images.{ending}", params={"wait": 60, **query})
    assert answer.status_code == status, answer.text
    if says:
        assert says in answer.text
