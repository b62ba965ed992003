"""A training of more epochs than an animation has frames."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from live import train

EPOCHS, FRAMES = 230, 200


@pytest.fixture(scope="module")
def job(client: httpx.Client) -> dict[str, Any]:
    layers = [
        {"type": "conv2d", "name": "Conv1", "filters": 4, "kernel_size": 5, "strides": 5},
        {"type": "flatten"},
        {"type": "dense", "units": 10, "activation": "softmax"},
    ]
    return train(client, architecture={"layers": layers}, train_samples=32, test_samples=8, epochs=EPOCHS)


def facts(page: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page.split("const facts = ")[1].split(";\n")[0])
    return found


def test_the_page_shows_epochs_evenly_spread_and_says_so(client: httpx.Client, job: dict[str, Any]) -> None:
    page = client.get(f"/v1/models/{job['id']}/layers/Conv1/animation.html").text
    epochs = facts(page)["epochs"]
    assert len(epochs) == FRAMES
    assert (epochs[0], epochs[-1]) == (0, EPOCHS)
    assert set(np.diff(epochs)) == {1, 2}
    assert f'<p id="note">{FRAMES} of {EPOCHS + 1} epochs are shown, evenly spread.</p>' in page


def test_up_to_the_limit_every_epoch_is_shown_and_nothing_is_said(client: httpx.Client, job: dict[str, Any]) -> None:
    page = client.get(f"/v1/models/{job['id']}/layers/Conv1/animation.html?epoch={FRAMES - 1}").text
    assert facts(page)["epochs"] == list(range(FRAMES))
    assert '<p id="note"></p>' in page


def test_gif_and_webp_have_the_same_frames(client: httpx.Client, job: dict[str, Any]) -> None:
    for ending in ("gif", "webp"):
        content = client.get(f"/v1/models/{job['id']}/layers/Conv1/animation.{ending}?scale=2").content
        with Image.open(io.BytesIO(content)) as picture:
            assert getattr(picture, "n_frames", 1) == FRAMES


def test_the_history_has_every_epoch(client: httpx.Client, job: dict[str, Any]) -> None:
    assert client.get(f"/v1/models/{job['id']}/history.json").json()["epoch"] == list(range(1, EPOCHS + 1))
