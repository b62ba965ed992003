"""The Python client's pictures and pages: the service's own bytes, shown by a notebook, waited for if need be."""

from __future__ import annotations

import html
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from PIL import Image

from cnnservice.client import (
    Client,
    Model,
    NoSuchForm,
    Page,
    Picture,
)
from cnnservice.client import parameters as said
from live import Stack

FEW: dict[str, Any] = {"steps": 1, "count": 2}
DIGIT = "mnist:test:0"


VIEWS: dict[str, Callable[[Client, Model, Model], Picture | Page]] = {
    "images.png": lambda service, _, __: service.dataset("mnist").images(rows=2, cols=3, split="test", class_=3),
    "image.png": lambda service, _, __: service.dataset("mnist").image(7, scale=3),
    "history": lambda _, model, __: model.history_picture(),
    "filters": lambda _, model, __: model.layer("Conv2").filters(epoch=1, channel="all", sample=9, seed=7, cols=3),
    "change": lambda _, model, __: model.at(2).layer("Conv1").filters(minus=0, normalize="symmetric", cmap="RdBu_r"),
    "animation": lambda _, model, __: model.layer("Conv1").animation(count=4),
    "activations": lambda _, model, __: model.layer("FC1").activations(DIGIT, epoch=2),
    "values": lambda _, model, __: model.layer("Conv1").values(),
    "histogram": lambda _, model, __: model.layer("Conv1").histogram(bins=5),
    "maximization": lambda _, model, __: model.layer("FC2").maximization(**FEW),
    "maximization_animation": lambda _, model, __: model.layer("FC2").maximization_animation(**FEW),
    "top_images": lambda _, model, __: model.layer("Conv1").top_images(filter=3, count=2),
    "embedding": lambda _, model, __: model.layer("FC1").embedding(images=20),
    "embedding_animation": lambda _, model, __: model.layer("FC1").embedding_animation(images=20),
    "attribution": lambda _, model, __: model.attribution("gradient", DIGIT, class_=3, view="both"),
    "sanity_check": lambda _, model, __: model.sanity_check(methods=["gradient"], images=1, show="cascading"),
    "confusion": lambda _, model, __: model.confusion(epoch=1),
    "mistakes": lambda _, model, __: model.mistakes(epoch=0, limit=4, cols=2),
    "similarity": lambda _, model, other: model.similarity(with_=other.at(1), images=20),
    "similarity_over_epochs": lambda _, model, __: model.similarity(over="epochs", layer="FC1", images=20),
    "compared": lambda service, model, other: service.compare([model, other.id]).history_picture(),
}  # fmt: skip


@pytest.mark.parametrize("name", VIEWS)
def test_a_picture_is_what_its_url_gives_and_shows_itself(
    service: Client, client: httpx.Client, small_cnn: Model, small_mlp: Model, name: str
) -> None:
    view = VIEWS[name](service, small_cnn, small_mlp)
    raw = client.get(view.url)
    while raw.status_code == 202:
        raw = client.get(view.url)
    assert raw.status_code == 200, raw.text
    shown, _ = DisplayFormatter().format(view)
    if isinstance(view, Page):
        assert view.html == raw.text
        frame = shown["text/html"]
        assert html.unescape(frame.split('srcdoc="')[1].split('" title="')[0]) == raw.text
        assert 'sandbox="allow-scripts"' in frame
    else:
        assert shown["image/png"] == raw.content
        picture = Image.open(io.BytesIO(raw.content))
        np.testing.assert_array_equal(np.asarray(view.image), np.asarray(picture))
    assert view.url in shown["text/plain"]


@pytest.mark.parametrize("name", VIEWS)
def test_every_form_of_a_picture_can_be_had_and_saved(
    service: Client, small_cnn: Model, small_mlp: Model, tmp_path: Path, name: str
) -> None:
    view = VIEWS[name](service, small_cnn, small_mlp)
    begins = {"png": b"\x89PNG", "gif": b"GIF8", "webp": b"RIFF", "npy": b"\x93NUMPY", "html": b"<!doctype html>"}
    begins |= {"svg": b"<svg", "csv": b"epoch", "json": b"{"}
    with pytest.raises(NoSuchForm, match="its forms are ") as refused:
        view.save(tmp_path / "picture.jpg")
    for form in str(refused.value).split("its forms are ")[1].rstrip(".").split(", "):
        assert view.save(tmp_path / f"picture.{form}").read_bytes().startswith(begins[form]), form


def test_what_takes_long_is_waited_for(strict_stack: Stack) -> None:
    # This stack answers 202 at once.
    with Client(strict_stack.url) as service, strict_stack.client as raw:
        model = service.train("mnist", epochs=1, train_samples=8, test_samples=64).wait()
        layer = model.layer("FC2")
        assert raw.get(layer.maximization(steps=7, count=1, seed=1).url).status_code == 202
        picture = layer.maximization(steps=7, count=1, seed=2, epoch=1)
        sought = picture.array
        assert sought.shape == (1, 28, 28)
        answer = raw.get(f"/v1/models/{model.id}/layers/FC2/maximization.npy?steps=7&count=1&seed=2&epoch=1")
        np.testing.assert_array_equal(np.load(io.BytesIO(answer.content)), sought)


PARAMETERS = {
    "/v1/datasets/{name}/{split}/images.png": (said.SampleDrawing, set()),
    "/v1/models/{model_id}/layers/{layer}/filters.png": (said.FilterDrawing, set()),
    "/v1/models/{model_id}/layers/{layer}/animation.html": (said.FilterDrawing, set()),
    "/v1/models/{model_id}/layers/{layer}/activations.png": (said.SheetDrawing, {"image", "invert"}),
    "/v1/models/{model_id}/layers/{layer}/maximization.png": (said.MaximizationDrawing, set()),
    "/v1/models/{model_id}/layers/{layer}/maximization.html": (said.MaximizationDrawing, set()),
    "/v1/models/{model_id}/layers/{layer}/top_images.png": (said.TopImagesDrawing, set()),
    "/v1/models/{model_id}/layers/{layer}/embedding.png": (said.Projection, set()),
    "/v1/models/{model_id}/layers/{layer}/histogram.png": (said.HistogramDrawing, set()),
    "/v1/models/{model_id}/attributions/{method}.png": (said.AttributionDrawing, {"image", "invert"}),
    "/v1/models/{model_id}/sanity_checks.json": (said.SanityCheck, set()),
}


@pytest.mark.parametrize("path", PARAMETERS)
def test_the_client_knows_every_parameter_that_the_service_documents(client: httpx.Client, path: str) -> None:
    kind, others = PARAMETERS[path]
    documented = {
        each["name"] for each in client.get("/openapi.json").json()["paths"][path]["get"]["parameters"]
        if each["in"] == "query"
    }  # fmt: skip
    assert {name.rstrip("_") for name in kind.__annotations__} == documented - others - {"epoch", "wait"}
