"""Looking inside a trained network: pictures and numbers against NumPy by hand and Keras itself."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from live import Stack

HEAD = Path(__file__).parents[2] / "cnnservice" / "datasets" / "mnist_head.npz"


def get(client: httpx.Client, path: str, **params: Any) -> httpx.Response:
    response = client.get(path, params=params or None)
    assert response.status_code == 200, response.text
    return response


def pixels(response: httpx.Response) -> np.ndarray[Any, Any]:
    assert response.headers["content-type"] == "image/png"
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB"))


def npy(response: httpx.Response) -> np.ndarray[Any, Any]:
    array: np.ndarray[Any, Any] = np.load(io.BytesIO(response.content), allow_pickle=False)
    return array


def weights(stack: Stack, model_id: str, epoch: int) -> dict[str, np.ndarray[Any, Any]]:
    return {name.removeprefix("model/"): tensor for name, tensor in stack.tensors(model_id, epoch).items()}


def drawn_by_hand(
    slices: np.ndarray[Any, Any], *, rows: int, cols: int, scale: int, gap: int, row_pitch: int, col_pitch: int
) -> np.ndarray[Any, Any]:
    """Grey tiles on white, each slice by its own range, pixel by pixel."""
    _, height, width = slices.shape
    tile_height, tile_width = height * scale, width * scale
    assert (row_pitch, col_pitch) == (tile_height + gap, tile_width + gap)
    picture = np.full((rows * (tile_height + gap) - gap, cols * (tile_width + gap) - gap, 3), 255, np.uint8)
    for number, tile in enumerate(slices):
        top, left = (number // cols) * (tile_height + gap), (number % cols) * (tile_width + gap)
        low, high = tile.min(), tile.max()
        for y in range(tile_height):
            for x in range(tile_width):
                value = np.float32((float(tile[y // scale, x // scale]) - float(low)) / (float(high) - float(low)))
                picture[top + y, left + x] = min(int(value * 256), 255)
    return picture


@pytest.fixture(scope="module")
def model(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['id']}"


@pytest.mark.parametrize("epoch", [0, 7, 30])
def test_conv1_is_drawn_4_by_8_pixel_for_pixel(
    client: httpx.Client, stack: Stack, notebook_job: dict[str, Any], model: str, epoch: int
) -> None:
    kernel = weights(stack, notebook_job["id"], epoch)["Conv1/0/kernel"]
    slices = kernel[:, :, 0, :].transpose(2, 0, 1)
    twin = get(client, f"{model}/layers/Conv1/filters.json", epoch=epoch).json()
    grid = twin["grid"]
    assert (grid["rows"], grid["cols"]) == (4, 8)
    picture = pixels(get(client, f"{model}/layers/Conv1/filters.png", epoch=epoch))
    np.testing.assert_array_equal(picture, drawn_by_hand(slices, **grid))
    np.testing.assert_array_equal(npy(get(client, f"{model}/layers/Conv1/filters.npy", epoch=epoch)), slices)
    ranges = [(part["index"], part["min"], part["max"]) for part in twin["slices"]]
    assert ranges == [(n, float(tile.min()), float(tile.max())) for n, tile in enumerate(slices)]


def test_64_random_slices_of_conv2_are_those_of_the_flattened_kernel(
    client: httpx.Client, stack: Stack, notebook_job: dict[str, Any], model: str
) -> None:
    kernel = weights(stack, notebook_job["id"], 30)["Conv2/0/kernel"]
    flat = kernel.reshape(5, 5, 32 * 64)
    query = {"channel": "all", "sample": 64, "seed": 11, "scale": 4, "gap": 3, "epoch": 30}
    twin = get(client, f"{model}/layers/Conv2/filters.json", **query).json()
    assert twin["indices"] == np.random.default_rng(11).choice(2048, size=64, replace=False).tolist()
    assert twin["grid"] == {"rows": 8, "cols": 8, "scale": 4, "gap": 3, "row_pitch": 23, "col_pitch": 23}
    slices = flat[:, :, twin["indices"]].transpose(2, 0, 1)
    picture = pixels(get(client, f"{model}/layers/Conv2/filters.png", **query))
    np.testing.assert_array_equal(picture, drawn_by_hand(slices, **twin["grid"]))


def test_an_input_channel_is_chosen(
    client: httpx.Client, stack: Stack, notebook_job: dict[str, Any], model: str
) -> None:
    kernel = weights(stack, notebook_job["id"], 30)["Conv2/0/kernel"]
    drawn = npy(get(client, f"{model}/layers/Conv2/filters.npy", channel=31, start=60, count=4))
    np.testing.assert_array_equal(drawn, kernel[:, :, 31, 60:64].transpose(2, 0, 1))


def keras_network(tensors: dict[str, np.ndarray[Any, Any]]) -> Any:
    """The notebook's network as a reader of the notebook writes it, with these weights."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 5, activation="relu", name="Conv1"),
            layers.MaxPooling2D(2, name="MaxPool1"),
            layers.Conv2D(64, 5, activation="relu", name="Conv2"),
            layers.MaxPooling2D(2, name="MaxPool2"),
            layers.Flatten(name="Flatten"),
            layers.Dense(100, activation="relu", name="FC1"),
            layers.Dense(10, activation="sigmoid", name="FC2"),
        ]
    )
    model.set_weights([tensors[name] for name in tensors if name.split("/")[0] in ("Conv1", "Conv2", "FC1", "FC2")])
    return model


@pytest.fixture(scope="module")
def keras_model(stack: Stack, notebook_job: dict[str, Any]) -> Any:
    return keras_network(weights(stack, notebook_job["id"], 12))


@pytest.mark.parametrize("layer", ["Conv1", "MaxPool1", "Conv2", "MaxPool2", "Flatten", "FC1", "FC2"])
def test_activations_are_keras_own(client: httpx.Client, model: str, keras_model: Any, layer: str) -> None:
    import keras

    test_image = np.load(HEAD)["x_test"][4].reshape(1, 28, 28, 1)
    expected = keras.Model(keras_model.inputs, keras_model.get_layer(layer).output).predict(
        (test_image / 255 - 0.5) * 2, verbose=0
    )[0]
    url = f"{model}/layers/{layer}/activations"
    drawn = npy(get(client, f"{url}.npy", image="mnist:test:4", epoch=12))
    maps = expected.transpose(2, 0, 1) if expected.ndim == 3 else expected
    np.testing.assert_allclose(drawn, maps, atol=1e-5)
    assert drawn.dtype == np.float32
    twin = get(client, f"{url}.json", image="mnist:test:4", epoch=12).json()
    assert twin["shape"] == list(expected.shape)
    assert len(twin["slices"]) == len(maps)
    if expected.ndim == 3:
        picture = pixels(get(client, f"{url}.png", image="mnist:test:4", epoch=12))
        np.testing.assert_array_equal(picture, drawn_by_hand_or_flat(drawn, **twin["grid"]))


def drawn_by_hand_or_flat(slices: np.ndarray[Any, Any], **grid: int) -> np.ndarray[Any, Any]:
    """As drawn_by_hand; a map that is the same everywhere, as of a dead filter, is black."""
    with np.errstate(invalid="ignore"):
        ranged = [tile - tile.min() if tile.max() == tile.min() else tile for tile in slices]
    spread = np.array([np.pad(tile, ((0, 0), (0, 0))) for tile in ranged])
    dead = spread.max(axis=(1, 2)) == spread.min(axis=(1, 2))
    picture = drawn_by_hand(np.where(dead[:, None, None], np.eye(*spread.shape[1:])[None], spread), **grid)
    rows, cols, scale, gap = grid["rows"], grid["cols"], grid["scale"], grid["gap"]
    assert rows * cols >= len(slices)
    height, width = slices.shape[1] * scale, slices.shape[2] * scale
    for number in np.flatnonzero(dead):
        top, left = (number // cols) * (height + gap), (number % cols) * (width + gap)
        picture[top : top + height, left : left + width] = 0
    return picture


def test_predictions_are_keras_own(client: httpx.Client, model: str, keras_model: Any) -> None:
    images = np.load(HEAD)["x_test"][:5].reshape(-1, 28, 28, 1)
    expected = keras_model.predict((images / 255 - 0.5) * 2, verbose=0)
    for index, row in enumerate(expected):
        told = get(client, f"{model}/predictions.json", image=f"mnist:test:{index}", epoch=12).json()
        np.testing.assert_allclose(told["probabilities"], row, atol=1e-5)
        # FC2 ends in a sigmoid.
        np.testing.assert_allclose(1 / (1 + np.exp(-np.array(told["logits"]))), row, atol=1e-5)
        assert [top["class"] for top in told["top"]] == np.argsort(-row, kind="stable")[:5].tolist()
        assert told["label"] == [7, 2, 1, 0, 4][index]


def test_epochs_answer_with_their_own_weights_in_any_order(client: httpx.Client, model: str) -> None:
    def probabilities(epoch: int | str) -> list[float]:
        answer = get(client, f"{model}/predictions.json", image="mnist:test:0", epoch=epoch).json()
        told: list[float] = answer["probabilities"]
        return told

    first = {epoch: probabilities(epoch) for epoch in (0, 15, 30)}
    assert len({tuple(row) for row in first.values()}) == 3
    for epoch in (30, 0, 15, 0):
        assert probabilities(epoch) == first[epoch]
    assert probabilities("last") == first[30]


def png_of(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def test_an_upload_of_a_test_image_is_seen_as_that_image(client: httpx.Client, model: str) -> None:
    digit = np.load(HEAD)["x_test"][2]
    expected = get(client, f"{model}/predictions.json", image="mnist:test:2").json()
    upload = client.post("/v1/images", files={"file": ("digit.png", png_of(digit), "image/png")})
    assert upload.status_code == 201
    kept = upload.json()
    assert (kept["width"], kept["height"], kept["reference"]) == (28, 28, f"upload:{kept['id']}")
    by_reference = get(client, f"{model}/predictions.json", image=kept["reference"]).json()
    assert by_reference["probabilities"] == expected["probabilities"]
    assert by_reference["label"] is None
    # Ink on paper, larger than the network's input: inverted and resized to the same digit.
    paper = np.kron(255 - digit, np.ones((4, 4), np.uint8))
    one_shot = client.post(f"{model}/predictions", files={"file": ("d.png", png_of(paper), "image/png")}).json()
    np.testing.assert_allclose(one_shot["probabilities"], expected["probabilities"], atol=0.02)
    assert one_shot["top"][0]["name"] == "1"
    named = client.post(f"{model}/predictions", json={"image": "mnist:test:2"}).json()
    assert named["probabilities"] == expected["probabilities"]


def test_one_shot_activations_are_json_or_the_grid_as_accepted(client: httpx.Client, model: str) -> None:
    digit = np.load(HEAD)["x_test"][4]
    url, files = f"{model}/activations", {"file": ("digit.png", png_of(digit), "image/png")}
    told = client.post(url, params={"layer": "Conv1", "epoch": 12}, files=files).json()
    by_reference = npy(get(client, f"{model}/layers/Conv1/activations.npy", image="mnist:test:4", epoch=12))
    np.testing.assert_array_equal(np.array(told["values"], np.float32).transpose(2, 0, 1), by_reference)
    grid = client.post(url, params={"layer": "Conv1", "epoch": 12}, files=files, headers={"Accept": "image/png"})
    expected = get(client, f"{model}/layers/Conv1/activations.png", image="mnist:test:4", epoch=12)
    assert grid.content == expected.content


@pytest.mark.parametrize(
    "path",
    [
        "/layers/Conv1/filters.png",
        "/layers/Conv1/filters.json",
        "/layers/Conv1/filters.npy",
        "/layers/Conv1/animation.html",
        "/layers/Conv1/activations.png?image=mnist:test:0",
        "/predictions.json?image=mnist:test:0",
        "/layers",
        "/layers/FC1",
        "/history.json",
        "/history.csv",
        "/history.png",
        "/history.svg",
    ],
)
def test_an_explicit_epoch_is_for_ever_and_the_last_is_asked_again(client: httpx.Client, model: str, path: str) -> None:
    join = "&" if "?" in path else "?"
    explicit, last = get(client, f"{model}{path}{join}epoch=30"), get(client, f"{model}{path}")
    assert explicit.content == last.content
    assert explicit.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert last.headers["cache-control"] == "no-cache"
    tag = explicit.headers["etag"]
    assert tag == last.headers["etag"]
    assert tag.startswith('"')
    earlier = client.get(f"{model}{path}{join}epoch=3", headers={"If-None-Match": tag})
    assert (earlier.status_code, earlier.headers["etag"] != tag) == (200, True)
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = client.get(f"{model}{path}{join}epoch=30", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        # To `*` it is the tag of what is sent as it is: nobody knows which coding the client has.
        assert again.headers["etag"] == (tag.replace('-gzip"', '"') if known == "*" else tag)


def test_parameters_that_change_the_picture_change_its_tag(client: httpx.Client, model: str) -> None:
    url = f"{model}/layers/Conv1/filters.png"
    variants = [
        {},
        {"cmap": "viridis"},
        {"normalize": "layer"},
        {"scale": 3},
        {"gap": 0},
        {"start": 1},
        {"labels": True},
    ]
    answers = [get(client, url, **variant) for variant in variants]
    assert len({answer.headers["etag"] for answer in answers}) == len(variants)
    assert len({answer.content for answer in answers}) == len(variants)


def test_the_history_is_the_same_in_every_format(client: httpx.Client, model: str) -> None:
    told = get(client, f"{model}/history.json", epoch=20).json()
    assert told["epoch"] == list(range(1, 21))
    rows = list(csv.DictReader(io.StringIO(get(client, f"{model}/history.csv", epoch=20).text)))
    for name, values in told["history"].items():
        assert [float(row[name]) for row in rows] == values
    assert set(told["history"]) == {"loss", "categorical_accuracy", "val_loss", "val_categorical_accuracy"}
    assert pixels(get(client, f"{model}/history.png", epoch=20)).std() > 5
    assert "<svg" in get(client, f"{model}/history.svg", epoch=20).text


@pytest.mark.parametrize("resource", ["model", "job"])
def test_every_link_leads_somewhere(client: httpx.Client, notebook_job: dict[str, Any], resource: str) -> None:
    links = get(client, f"/v1/{resource}s/{notebook_job['id']}").json()["links"]
    links.pop("cancel", None)  # asked with POST
    for name, link in links.items():
        # Read no further than the head: a stream of events need not end.
        with client.stream("GET", link) as response:
            assert response.status_code == 200, name


def test_layers_are_told_in_numbers(
    client: httpx.Client, stack: Stack, notebook_job: dict[str, Any], model: str
) -> None:
    tensors = weights(stack, notebook_job["id"], 30)
    layers = get(client, f"{model}/layers").json()["layers"]
    assert [layer["name"] for layer in layers] == ["Conv1", "MaxPool1", "Conv2", "MaxPool2", "Flatten", "FC1", "FC2"]
    for layer in layers:
        for number, told in enumerate(layer["weights"]):
            array = tensors[f"{layer['name']}/{number}/{told['name']}"].astype(np.float64)
            assert told["shape"] == list(array.shape)
            told_numbers = [told[key] for key in ("min", "max", "mean", "std")]
            np.testing.assert_allclose(told_numbers, [array.min(), array.max(), array.mean(), array.std()], rtol=1e-6)
    summary = get(client, model).json()
    assert summary["epochs_available"] == list(range(31))
    assert summary["params"] == 155_606
    assert summary["layers"][2]["formula"] == "5*5*32*64+64"
    assert set(summary["runtime"]["versions"]) == {"keras", "tensorflow", "numpy"}


def test_sample_images_are_the_data_sets_own(client: httpx.Client) -> None:
    head = np.load(HEAD)
    picture = pixels(get(client, "/v1/datasets/mnist/train/images.png", scale=1, gap=0))
    expected = head["x_train"][:36].reshape(6, 6, 28, 28).transpose(0, 2, 1, 3).reshape(168, 168)
    np.testing.assert_array_equal(picture[..., 0], expected)
    single = pixels(get(client, "/v1/datasets/mnist/test/9.png", scale=2))
    np.testing.assert_array_equal(single[..., 0], np.kron(head["x_test"][9], np.ones((2, 2), np.uint8)))
    told = get(client, "/v1/datasets/mnist/test/9.json").json()
    assert (told["label"], told["class_name"], told["shape"]) == (9, "9", [28, 28, 1])
    np.testing.assert_array_equal(np.array(told["pixels"])[..., 0], head["x_test"][9])
    seeds = [get(client, "/v1/datasets/mnist/train/images.png", seed=seed).content for seed in (1, 1, 2)]
    assert (seeds[0] == seeds[1], seeds[0] == seeds[2]) == (True, False)


def test_a_damaged_file_is_told_and_other_epochs_are_not_affected(
    client: httpx.Client, stack: Stack, notebook_job: dict[str, Any], model: str
) -> None:
    path = stack.epoch_path(notebook_job["id"], 5)
    whole = stack.read(path)
    try:
        stack.write(path, whole[: len(whole) // 3])
        # channel 7 of Conv2: numbers that no test before has read
        response = client.get(f"{model}/layers/Conv2/filters.npy", params={"epoch": 5, "channel": 7})
        assert response.status_code == 500
        assert response.json()["type"] == "/problems/damaged-file"
        assert client.get(f"{model}/predictions.json?image=mnist:test:0&epoch=5").status_code == 500
        assert client.get(f"{model}/layers/Conv2/filters.npy?epoch=6").status_code == 200
    finally:
        stack.write(path, whole)
    assert client.get(f"{model}/layers/Conv2/filters.npy?epoch=5").status_code == 200
