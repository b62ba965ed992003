"""Computations that take long enough to be looked at, or harmed, while they run."""

from __future__ import annotations

from typing import Any

import httpx

from live import train, wait_until

LAYERS = [
    {"type": "conv2d", "name": "Wide", "filters": 1024, "kernel_size": 3, "activation": "relu"},
    {"type": "flatten"},
    {"type": "dense", "units": 10, "activation": "softmax"},
]


def train_wide(client: httpx.Client) -> str:
    """A model with a layer so wide, and so many test images, that to look through them takes seconds."""
    # A few images at a time: the worker that has trained it is to stay small.
    job = train(client, train_samples=8, batch_size=4, epochs=1, test_samples=1000, architecture={"layers": LAYERS})
    assert job["status"] == "succeeded", job["error"]
    return str(job["id"])


def place(model: str, layer: str = "Conv1") -> str:
    """Where the images are that most activate a layer's filters."""
    return f"/v1/models/{model}/layers/{layer}/top_images.json"


def begun(client: httpx.Client, wide: str, count: int) -> dict[str, str]:
    """The links of a computation that has just begun to get on; with another count it is another one."""
    accepted = client.get(place(wide, "Wide"), params={"count": count, "wait": 0})
    assert accepted.status_code == 202, accepted.text
    links: dict[str, str] = accepted.json()["links"]
    wait_until(lambda: client.get(links["self"]).json()["progress"] > 0, "the computation to get on")
    return links


def ended(client: httpx.Client, url: str) -> dict[str, Any]:
    """The computation, once it has ended."""

    def document() -> dict[str, Any] | None:
        computation: dict[str, Any] = client.get(url).json()
        return computation if computation["status"] in ("succeeded", "failed") else None

    return wait_until(document, f"{url} to end")
