"""Attributions over HTTP: of any epoch, as picture, numbers and array."""

from __future__ import annotations

import io
from typing import Any

import httpx
import matplotlib
import numpy as np
import pytest
from PIL import Image

from cnnservice.attributions.registry import METHODS

from .test_errors import problem
from .test_inspection import get, npy, pixels

IMAGE = "mnist:test:0"


@pytest.fixture(scope="module")
def model(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['id']}"


def test_the_methods_are_listed_with_their_parameters_and_their_source(client: httpx.Client) -> None:
    listed = {item["name"]: item for item in get(client, "/v1/attributions").json()["items"]}
    assert list(listed) == list(METHODS)
    assert listed["smoothgrad"]["parameters"]["samples"]["default"] == 50
    assert listed["integrated_gradients"]["source"] == "arXiv 1703.01365"
    assert get(client, "/v1/attributions/deconvnet").json() == listed["deconvnet"]
    problem(client.get("/v1/attributions/jam"), 404, "unknown-method")


@pytest.mark.parametrize("method", METHODS)
def test_picture_numbers_and_array_tell_of_the_same(client: httpx.Client, model: str, method: str) -> None:
    path = f"{model}/attributions/{method}"
    answer = get(client, f"{path}.json", image=IMAGE).json()
    assert (answer["class"], answer["class_name"], answer["label"], answer["predicted"]) == (7, "7", 7, 7)
    array = npy(get(client, f"{path}.npy", image=IMAGE))
    assert array.shape == (1, 28, 28)
    assert array.dtype == np.float32
    np.testing.assert_allclose(array, answer["values"], rtol=1e-6)
    picture = pixels(get(client, f"{path}.png", image=IMAGE, view="map", scale=4))
    assert picture.shape == (112, 112, 3)
    # The strongest value has the colour of the colormap's end.
    strongest = np.unravel_index(np.abs(array[0]).argmax(), (28, 28))
    colours = matplotlib.colormaps["bwr" if METHODS[method].signed else "inferno"]([0, 255], bytes=True)[:, :3]
    assert picture[strongest[0] * 4, strongest[1] * 4].tolist() in colours.tolist()


def test_integrated_gradients_add_up(client: httpx.Client, model: str) -> None:
    path = f"{model}/attributions/integrated_gradients.json"
    logits = get(client, f"{model}/predictions.json", image=IMAGE).json()["logits"]
    for target in (7, 3):
        answer = get(client, path, image=IMAGE, **{"class": target}).json()
        assert answer["class"] == target
        assert answer["score"] == pytest.approx(logits[target], abs=1e-4)
        difference = answer["score"] - answer["details"]["baseline_score"]
        assert np.sum(answer["values"]) == pytest.approx(difference, abs=0.01 * abs(difference))
        assert answer["total"] == pytest.approx(difference - answer["details"]["completeness_gap"], abs=1e-3)


def test_overlay_map_and_both(client: httpx.Client, model: str) -> None:
    path, query = f"{model}/attributions/gradient.png", {"image": IMAGE, "scale": 2, "gap": 6}
    overlay, alone, both = (pixels(get(client, path, view=view, **query)) for view in ("overlay", "map", "both"))
    assert overlay.shape == alone.shape == (56, 56, 3)
    np.testing.assert_array_equal(both[:, :56], overlay)
    np.testing.assert_array_equal(both[:, 62:], alone)
    assert not np.array_equal(overlay, alone)
    np.testing.assert_array_equal(pixels(get(client, path, **query)), overlay)


def test_an_epoch_is_immutable_and_another_epoch_another_map(client: httpx.Client, model: str) -> None:
    path = f"{model}/attributions/gradient.npy"
    first, later = (get(client, path, image=IMAGE, epoch=epoch) for epoch in (0, 30))
    assert not np.array_equal(npy(first), npy(later))
    assert "immutable" in first.headers["cache-control"]
    again = client.get(path, params={"image": IMAGE, "epoch": 0}, headers={"If-None-Match": first.headers["etag"]})
    assert again.status_code == 304
    last = get(client, path, image=IMAGE)
    assert (last.headers["etag"], last.headers["cache-control"]) == (later.headers["etag"], "no-cache")


def test_what_a_methods_own_parameters_say_is_part_of_the_tag(client: httpx.Client, model: str) -> None:
    path = f"{model}/attributions/smoothgrad.npy"
    one, two = (get(client, path, image=IMAGE, samples=5, seed=seed, epoch=3) for seed in (0, 1))
    assert one.headers["etag"] != two.headers["etag"]
    assert not np.array_equal(npy(one), npy(two))
    same = get(client, path, image=IMAGE, samples=5, seed=1, epoch=3)
    np.testing.assert_array_equal(npy(same), npy(two))


def test_a_filter_of_a_lower_layer_is_projected(client: httpx.Client, model: str) -> None:
    query = {"image": IMAGE, "layer": "Conv1"}
    maps = npy(get(client, f"{model}/layers/Conv1/activations.npy", image=IMAGE))
    strongest = int(maps.reshape(32, -1).max(axis=1).argmax())
    projected = npy(get(client, f"{model}/attributions/deconvnet.npy", filter=strongest, **query))[0]
    row, col = np.unravel_index(maps[strongest].argmax(), (24, 24))
    kernel = npy(get(client, f"{model}/layers/Conv1/filters.npy", start=strongest, count=1))[0]
    expected = np.zeros((28, 28))
    expected[row : row + 5, col : col + 5] = kernel * maps[strongest].max()
    np.testing.assert_allclose(projected, expected, atol=1e-5)


def test_an_upload_is_attributed(client: httpx.Client, model: str) -> None:
    drawn = Image.new("L", (56, 56))
    drawn.paste(255, (26, 10, 32, 48))
    content = io.BytesIO()
    drawn.save(content, "PNG")
    reference = client.post("/v1/images", files={"file": ("one.png", content.getvalue())}).json()["reference"]
    answer = get(client, f"{model}/attributions/occlusion.json", image=reference).json()
    assert answer["label"] is None
    assert answer["image"] == reference


@pytest.mark.parametrize(
    ("method", "query", "kind", "said"),
    [
        ("gradient", {}, "invalid", "?image"),
        ("gradient", {"image": IMAGE, "class": 10}, "class-out-of-range", "0..9 is allowed"),
        ("gradient", {"image": IMAGE, "channel": 1}, "channel-out-of-range", "0 or 'all'"),
        ("gradient", {"image": IMAGE, "cmap": "jet"}, "unknown-colormap", "there are: gray"),
        ("gradient", {"image": IMAGE, "clip": 49}, "invalid", "greater than or equal to 50"),
        ("gradient", {"image": IMAGE, "samples": 9}, "unknown-parameter", "gradient knows of no such parameter"),
        ("smoothgrad", {"image": IMAGE, "sample": 9}, "unknown-parameter", "Its own: samples, noise, seed"),
        ("smoothgrad", {"image": IMAGE, "samples": 1001}, "invalid", "less than or equal to 1000"),
        ("grad_cam", {"image": IMAGE, "layer": "FC1"}, "unusable-layer", "Conv1, MaxPool1, Conv2, MaxPool2"),
        ("deconvnet", {"image": IMAGE, "layer": "Conv1"}, "invalid", "layer and filter go together"),
        ("deconvnet", {"image": IMAGE, "layer": "Conv1", "filter": 32}, "filter-out-of-range", "0..31"),
        ("gradient", {"image": "mnist:test"}, "bad-reference", "dataset:split:index"),
    ],
)
def test_bad_input_is_told_what_is_allowed(
    client: httpx.Client, model: str, method: str, query: dict[str, Any], kind: str, said: str
) -> None:
    document = problem(client.get(f"{model}/attributions/{method}.png", params=query), 422, kind)
    assert said in str(document)


def test_an_unknown_method_is_not_found(client: httpx.Client, model: str) -> None:
    problem(client.get(f"{model}/attributions/magic.png", params={"image": IMAGE}), 404, "unknown-method")
