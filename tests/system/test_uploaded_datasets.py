"""Images that a client brings are trained on and looked into like those that are built in."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cnnservice.datasets.mnist import MNIST
from live import Stack, train

TRAIN, TEST = 600, 120


@pytest.fixture(scope="module")
def digits() -> dict[str, NDArray[Any]]:
    """Real digits, the first of MNIST."""
    assert MNIST.head is not None
    with np.load(MNIST.head) as head:
        return {key: head[key][: TRAIN if key.endswith("train") else TEST] for key in head.files}


def npz(arrays: dict[str, NDArray[Any]]) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def folders(arrays: dict[str, NDArray[Any]]) -> bytes:
    """The images as a .zip of `<split>/<class>/<number>.png`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for split in ("train", "test"):
            for number, (image, label) in enumerate(zip(arrays[f"x_{split}"], arrays[f"y_{split}"], strict=True)):
                picture = io.BytesIO()
                Image.fromarray(image).save(picture, "PNG")
                archive.writestr(f"{split}/digit {label}/{number:04d}.png", picture.getvalue())
    return file.getvalue()


def upload(client: httpx.Client, name: str, content: bytes, **fields: Any) -> httpx.Response:
    return client.post("/v1/datasets", data={"name": name, **fields}, files={"file": (f"{name}.bin", content)})


@pytest.fixture(scope="module")
def uploaded(client: httpx.Client, digits: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """The digits as `my_npz` and as `my_zip`."""
    answers = {}
    for name, content in (("my_npz", npz(digits)), ("my_zip", folders(digits))):
        response = upload(client, name, content)
        assert response.status_code == 201, response.text
        assert response.headers["location"] == f"/v1/datasets/{name}"
        answers[name] = response.json()
    return answers


def test_an_uploaded_set_is_listed_like_a_built_in_one(
    client: httpx.Client, uploaded: dict[str, Any], digits: dict[str, NDArray[Any]]
) -> None:
    listed = {item["name"]: item for item in client.get("/v1/datasets").json()["items"]}
    assert {"mnist", "fashion_mnist", "cifar10", "my_npz", "my_zip"} <= listed.keys()
    for name, answer in uploaded.items():
        assert listed[name] == answer == client.get(f"/v1/datasets/{name}").json()
        assert answer["shape"] == [28, 28, 1]
        assert answer["splits"] == answer["samples_on_disk"] == {"train": TRAIN, "test": TEST}
        assert (answer["available"], answer["built_in"]) == (True, False)
        counts = {split: np.bincount(digits[f"y_{split}"], minlength=10).tolist() for split in ("train", "test")}
        assert answer["class_counts"] == counts
    assert uploaded["my_npz"]["classes"] == [str(n) for n in range(10)]
    assert uploaded["my_zip"]["classes"] == [f"digit {n}" for n in range(10)]


def test_its_images_are_drawn_and_told(
    client: httpx.Client, uploaded: dict[str, Any], digits: dict[str, NDArray[Any]]
) -> None:
    told = client.get("/v1/datasets/my_npz/train/7.json").json()
    assert (np.array(told["pixels"])[..., 0] == digits["x_train"][7]).all()
    assert (told["label"], told["class_name"]) == (int(digits["y_train"][7]), str(digits["y_train"][7]))
    one = Image.open(io.BytesIO(client.get("/v1/datasets/my_zip/test/0.png").content))
    assert any((np.asarray(one) == image).all() for image in digits["x_test"])
    grid = client.get("/v1/datasets/my_zip/train/images.png?rows=2&cols=5&labels=true")
    assert (grid.status_code, grid.headers["content-type"]) == (200, "image/png")


def test_training_on_the_same_images_gives_the_same_bits_as_the_built_in_set(
    client: httpx.Client, stack: Stack, uploaded: dict[str, Any]
) -> None:
    mine = train(client, dataset="my_npz", epochs=2)
    built_in = train(client, train_samples=TRAIN, test_samples=TEST, epochs=2)
    assert (mine["status"], built_in["status"]) == ("succeeded", "succeeded")
    assert (mine["spec"]["train_samples"], mine["spec"]["test_samples"]) == (TRAIN, TEST)
    for path in ("history.csv", "layers/Conv2/filters.npy?epoch=2", "layers/Conv1/activations.npy?image=mnist:test:3"):
        answers = [client.get(f"/v1/models/{job['id']}/{path}") for job in (mine, built_in)]
        assert [answer.status_code for answer in answers] == [200, 200]
        if not path.endswith(".csv"):
            assert answers[0].content == answers[1].content
    histories = [client.get(f"/v1/models/{job['id']}/history.json").json() for job in (mine, built_in)]
    assert histories[0]["history"] == histories[1]["history"]


def test_a_network_trained_on_folders_of_pictures_is_looked_into_by_their_names(
    client: httpx.Client, uploaded: dict[str, Any]
) -> None:
    job = train(client, dataset="my_zip", architecture="mlp", epochs=8, compile={"optimizer": {"name": "adam"}})
    assert job["status"] == "succeeded", job["error"]
    # Far from the 0.1 of guessing, with 600 images.
    assert job["latest"]["val_categorical_accuracy"] > 0.6
    model = f"/v1/models/{job['id']}"
    told = client.get(f"{model}/predictions.json?image=my_zip:test:0").json()
    assert told["top"][0]["name"].startswith("digit ")
    evaluation = client.get(f"{model}/evaluation.json").json()
    assert evaluation["accuracy"] == pytest.approx(job["latest"]["val_categorical_accuracy"], abs=1e-6)
    for path in ("mistakes.png", "confusion.png", "layers/FC1/filters.png", "export?format=notebook"):
        response = client.get(f"{model}/{path}")
        assert response.status_code == 200, (path, response.text)


def test_what_is_wrong_with_a_file_or_a_name_is_told(client: httpx.Client, digits: dict[str, NDArray[Any]]) -> None:
    good = npz(digits)
    no_test = npz({key: array for key, array in digits.items() if key != "x_test"})
    for name, content, status, said in (
        ("nothing", b"hello", 422, "no .npz or .zip"),
        ("partly", no_test, 422, "no array x_test"),
        ("no name/", good, 422, "name"),
        ("mnist", good, 409, "'mnist' is taken"),
    ):
        response = upload(client, name, content)
        assert response.status_code == status, response.text
        assert said in response.text
        assert response.headers["content-type"] == "application/problem+json"
    assert upload(client, "half", good, height=28).status_code == 422
    assert client.post("/v1/datasets", data={"name": "empty"}).status_code == 422
    response = client.post("/v1/jobs", json={"dataset": "my_npz", "train_samples": TRAIN + 1})
    assert (response.status_code, f"at most {TRAIN} is allowed" in response.text) == (422, True)
    names = {item["name"] for item in client.get("/v1/datasets").json()["items"]}
    assert not names & {"nothing", "partly", "half", "empty"}


def test_it_is_deleted_when_no_live_job_reads_it_and_its_models_stay(
    client: httpx.Client, digits: dict[str, NDArray[Any]]
) -> None:
    content = npz({key: array[::-1] for key, array in digits.items()})
    assert upload(client, "passing", content).status_code == 201
    job = client.post("/v1/jobs", json={"dataset": "passing", "epochs": 500, "architecture": "mlp"}).json()
    refused = client.delete("/v1/datasets/passing")
    assert (refused.status_code, job["id"] in refused.text) == (409, True)
    client.post(f"/v1/jobs/{job['id']}/cancel")
    done = train(client, dataset="passing", epochs=1, architecture="mlp")
    assert client.delete("/v1/datasets/passing").status_code == 204
    assert client.get("/v1/datasets/passing").status_code == 404
    assert client.delete("/v1/datasets/passing").status_code == 404
    model = f"/v1/models/{done['id']}"
    assert client.get(model).json()["dataset"] == "passing"
    assert client.get(f"{model}/layers/FC1/filters.png").status_code == 200
    assert client.get(f"{model}/predictions.json?image=mnist:test:0").status_code == 200
    gone = client.get(f"{model}/evaluation.json")
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/dataset-deleted")
    assert upload(client, "passing", npz(digits)).status_code == 409
    assert upload(client, "passing", content).status_code == 201
    assert client.get(f"{model}/evaluation.json").status_code == 200
    assert client.delete("/v1/datasets/mnist").status_code == 409


def test_a_file_is_taken_up_to_the_limit_and_not_a_byte_beyond(
    strict_stack: Stack, digits: dict[str, NDArray[Any]]
) -> None:
    limit = strict_stack.settings.max_dataset_upload_bytes
    content = lengthened(npz({key: array[:40] for key, array in digits.items()}), limit)
    with strict_stack.client as client:
        refused = upload(client, "larger", content + b"\0")
        assert (refused.status_code, str(limit) in refused.text) == (413, True)
        much_larger = upload(client, "larger", content + bytes(1 << 20))
        assert (much_larger.status_code, much_larger.json()["type"]) == (413, "/problems/body-too-large")
        assert upload(client, "mine", content).status_code == 201
        assert not list((strict_stack.data_dir / "datasets").glob(".incoming-*"))


def lengthened(archive: bytes, length: int) -> bytes:
    """The same archive with a comment, which makes it as long as that."""
    file = io.BytesIO(archive)
    with zipfile.ZipFile(file, "a") as longer:
        longer.comment = bytes(length - len(archive))
    content = file.getvalue()
    assert len(content) == length
    return content
