"""A second stack, whose limits are soon reached; and the Python client, with two small models."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import pytest

from cnnservice.client import Client, Model
from cnnservice.drawing.scatter import picture_size
from collector import Collector, collecting
from live import Stack, start_stack

SMALL: dict[str, Any] = {"epochs": 2, "train_samples": 192, "test_samples": 64}


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """What the strict stack sends its traces to."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="session")
def strict_stack(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Stack]:
    """It logs JSON and sends traces.

    It takes data sets of 64 KiB and images of 1 KiB, compares 32 filters, seeks 32 inputs in 64 steps, represents
    50 images in 10,000 numbers, animates 3 epochs, in a film of points by digit 2, waits 5 s for a worker's answer, and
    for what takes long not at all.
    """
    stack = start_stack(
        tmp_path_factory.mktemp("strict") / "data",
        inspect_timeout_seconds="5",
        computation_wait_seconds="0",
        max_compared_filters="32",
        max_maximization_steps="64",
        max_maximized_inputs="32",
        max_animation_frames="3",
        max_animation_pixels=str(2 * prod(picture_size([str(digit) for digit in range(10)], scale=1))),
        max_represented_images="50",
        max_representation_values="10000",
        max_dataset_upload_bytes=str(64 << 10),
        max_upload_bytes=str(1 << 10),
        log_format="json",
        otlp_endpoint=collector.url,
    )
    yield stack
    assert stack.stop() == 0


@pytest.fixture(scope="session")
def service(stack: Stack) -> Iterator[Client]:
    """The Python client, at the session's stack."""
    with Client(stack.url) as service:
        yield service


@pytest.fixture(scope="session")
def small_cnn(service: Client) -> Model:
    """A convolutional network of two epochs."""
    return service.train("mnist", **SMALL).wait()


@pytest.fixture(scope="session")
def small_mlp(service: Client) -> Model:
    """Another, to be compared with it."""
    return service.train("mnist", architecture="mlp", compile={"optimizer": {"name": "adam"}}, **SMALL).wait()
