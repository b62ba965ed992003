"""The sanity checks of attributions on the notebook's trained network show what their paper shows."""

from __future__ import annotations

import json
from typing import Any

import httpx
import numpy as np
import pytest
from httpx_sse import connect_sse
from scipy.stats import spearmanr

from live import Stack, wait_until

from .test_errors import problem
from .test_inspection import HEAD, get, keras_network, pixels, weights

CHECK = {"methods": ["gradient", "integrated_gradients", "guided_backprop", "grad_cam"], "images": 10, "seed": 1}
LAYERS = ["FC2", "FC1", "Conv2", "Conv1"]


@pytest.fixture(scope="module")
def model(notebook_job: dict[str, Any]) -> str:
    return f"/v1/models/{notebook_job['id']}"


@pytest.fixture(scope="module")
def posted_check(client: httpx.Client, model: str) -> dict[str, Any]:
    posted = client.post(f"{model}/sanity_checks", json=CHECK)
    assert posted.status_code == 202, posted.text
    answer: dict[str, Any] = posted.json()
    assert posted.headers["location"] == answer["links"]["self"]
    return answer


@pytest.fixture(scope="module")
def checked(client: httpx.Client, posted_check: dict[str, Any]) -> dict[str, Any]:
    with connect_sse(client, "GET", posted_check["links"]["events"]) as source:
        events = [(event.event, json.loads(event.data)) for event in source.iter_sse()]
    assert events[-1][0] == "end"
    assert events[-1][1]["status"] == "succeeded", events[-1]
    answer: dict[str, Any] = get(client, posted_check["links"]["result"]).json()
    return answer


def by_method(checked: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {told["method"]: told for told in checked["methods"]}


def test_guided_backpropagation_hardly_notices_random_upper_layers_and_gradients_and_grad_cam_do(
    checked: dict[str, Any],
) -> None:
    methods = by_method(checked)
    assert list(methods) == CHECK["methods"]
    for kind in ("cascading", "independent"):
        assert [step["layer"] for step in methods["gradient"][kind]] == LAYERS
        for number in range(3):
            ranks = {name: told[kind][number]["rank"] for name, told in methods.items()}
            assert ranks["guided_backprop"] > 0.7, ranks
            assert abs(ranks["gradient"]) < 0.3, ranks
            assert abs(ranks["integrated_gradients"]) < 0.3, ranks
            assert ranks["grad_cam"] < 0.4, ranks
    assert methods["guided_backprop"]["verdict"] == "hardly"
    for name in ("gradient", "integrated_gradients", "grad_cam"):
        assert methods[name]["verdict"] == "follows_the_weights", methods[name]
    # The paper's other finding: what is multiplied with the image looks the same without signs, whatever the weights.
    assert methods["integrated_gradients"]["cascading"][-1]["rank_absolute"] > 0.9


def test_the_images_are_of_each_class_in_turn_each_for_the_class_predicted(
    client: httpx.Client, model: str, checked: dict[str, Any]
) -> None:
    paths = [f"/v1/datasets/{image.replace(':', '/')}.json" for image in checked["images"]]
    assert [get(client, path).json()["label"] for path in paths] == list(range(10))
    for image, target in zip(checked["images"], checked["targets"], strict=True):
        assert get(client, f"{model}/predictions.json", image=image).json()["top"][0]["class"] == target


def test_a_similarity_is_what_keras_and_scipy_make_of_it(
    client: httpx.Client, stack: Stack, notebook_job: dict[str, Any], checked: dict[str, Any]
) -> None:
    """The gradients of ten digits, before and after the last layer is drawn anew by the check's seed."""
    import keras
    import tensorflow as tf

    network = keras_network(weights(stack, notebook_job["id"], 30))
    network.layers[-1].activation = keras.activations.linear
    digits = [int(image.rsplit(":", 1)[1]) for image in checked["images"]]
    with np.load(HEAD) as head:
        images = ((head["x_test"][digits] / 255 - 0.5) * 2).astype(np.float32)[..., np.newaxis]

    def gradients() -> Any:
        inputs = tf.constant(images)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            scores = tf.gather(network(inputs), checked["targets"], axis=1, batch_dims=1)
        return tape.gradient(scores, inputs).numpy()

    before = gradients()
    drawn = keras.initializers.RandomUniform(seed=CHECK["seed"])((100, 10))
    network.layers[-1].set_weights([drawn, np.zeros(10)])
    after = gradients()
    ranks = [spearmanr(*pair, axis=None).statistic for pair in zip(before, after, strict=True)]
    told = by_method(checked)["gradient"]["cascading"][0]
    assert (told["layer"], told["rank"]) == ("FC2", pytest.approx(np.mean(ranks), abs=1e-3))


def test_the_picture_has_a_row_a_method_and_a_column_a_step(
    client: httpx.Client, checked: dict[str, Any], posted_check: dict[str, Any]
) -> None:
    drawn = pixels(get(client, posted_check["links"]["result"].replace(".json?", ".png?")))
    # 28 pixels five times, two lines of captions; gaps of 8 between.
    height, width = drawn.shape[:2]
    assert width == 5 * 140 + 4 * 8
    assert height == pytest.approx(4 * (140 + 30) + 3 * 8, abs=40)
    assert len(np.unique(drawn.reshape(-1, 3), axis=0)) > 100


def test_the_same_check_is_the_same_computation(
    client: httpx.Client, model: str, checked: dict[str, Any], posted_check: dict[str, Any]
) -> None:
    again = client.post(f"{model}/sanity_checks", json={**CHECK, "epoch": 30}).json()
    assert (again["id"], again["status"]) == (posted_check["id"], "succeeded")
    query = {"methods": ",".join(CHECK["methods"]), "images": 10, "seed": 1}
    assert get(client, f"{model}/sanity_checks.json", **query).json() == checked


def test_a_network_of_random_labels_has_other_maps(client: httpx.Client, model: str) -> None:
    body = {
        "methods": ["gradient"],
        "images": 5,
        "randomization": "cascading",
        "data_randomization": True,
        "data_samples": 200,
    }
    posted_check = client.post(f"{model}/sanity_checks", json=body).json()

    def ended() -> bool:
        return client.get(posted_check["links"]["self"]).json()["status"] in ("succeeded", "failed")

    wait_until(ended, "the check to end")
    answer = get(client, posted_check["links"]["result"]).json()
    assert answer["data_training"]["samples"] == 200
    assert answer["data_training"]["accuracy"] >= 0.95
    (told,) = answer["methods"]
    assert told["independent"] is None
    assert [step["layer"] for step in told["data"]] == ["all"]
    assert abs(told["data"][0]["rank"]) < 0.3


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ({"methods": ["jam"]}, "invalid", "the methods are gradient"),
        ({"methods": []}, "invalid", "at least 1"),
        ({"images": 101}, "invalid", "less than or equal to 100"),
        ({"image": 3}, "invalid", "not a known field"),
        ({"randomization": "all"}, "invalid", "'cascading'"),
        ({"data_randomization": True, "data_samples": 100_000, "data_epochs": 1000}, "limit-exceeded", "operations"),
    ],
)
def test_bad_input_is_told_what_is_allowed(
    client: httpx.Client, model: str, body: dict[str, Any], kind: str, said: str
) -> None:
    assert said in str(problem(client.post(f"{model}/sanity_checks", json=body), 422, kind))


def test_a_picture_of_what_was_not_checked_is_refused(client: httpx.Client, model: str) -> None:
    query = {"randomization": "cascading", "show": "independent"}
    problem(client.get(f"{model}/sanity_checks.png", params=query), 422, "bad-setting")


def test_an_epoch_that_does_not_exist_is_not_found(client: httpx.Client, model: str) -> None:
    problem(client.post(f"{model}/sanity_checks", json={"epoch": 31}), 404, "unknown-epoch")
