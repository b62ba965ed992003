"""Training through the service beside Keras' own fit: an epoch, its weights, the start, and what storing costs."""

from __future__ import annotations

import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import numpy as np

from benchmarks.pairs import Pairs, milliseconds
from benchmarks.rows import Row
from benchmarks.service import Service, running_service
from benchmarks.training_child import EPOCHS
from cnnservice.specs.architecture import summarize
from cnnservice.specs.job import JobSpec, resolve

_PAIRS, _STARTS = 5, 7
_LARGE: dict[str, Any] = {
    "architecture": {
        "layers": [
            {"type": "conv2d", "name": "Conv1", "filters": 8, "kernel_size": 5, "activation": "relu"},
            {"type": "flatten"},
            {"type": "dense", "units": 5400, "activation": "relu"},
            {"type": "dense", "units": 10, "activation": "softmax"},
        ]
    },
    "epochs": EPOCHS,
}


def rows() -> Iterator[Row]:
    """Everything the service does is in its epochs: validation, storing every layer, database, events."""
    with running_service() as service:
        service.train(epochs=1)
        yield _epoch(service)
        yield _weights(service)
        yield _start(service)
        yield from _storing(service)


def _epoch(service: Service) -> Row:
    ours, theirs = [], []
    for _ in range(_PAIRS):
        ours.append(statistics.median(_seconds_an_epoch(service, {"epochs": EPOCHS})))
        theirs.append(statistics.median(_child("notebook")))
    times = Pairs(ours, theirs)
    fastest = statistics.median(_child("product"))
    operations = 2 * 3 * 6000 * summarize(resolve("cnn", (28, 28, 1), 10), (28, 28, 1)).multiplications
    return Row(
        "an epoch of the notebook's training, every layer stored",
        milliseconds(times.our_seconds),
        f"its fit with two callbacks: {milliseconds(times.their_seconds)}",
        1 / times.times_faster,
        "of its time",
        at_most=1,
        limit=f"{operations / 1e9:.0f} GFLOP; in products of large matrices {milliseconds(fastest * operations / 1e9)}",
    )


def _weights(service: Service) -> Row:
    model = service.train(epochs=EPOCHS)
    with tempfile.TemporaryDirectory() as folder, service.client() as client:
        file = str(Path(folder, "weights.npz"))
        _child("in-order", file)
        expected = np.load(file)
        differing = 0
        for layer in ("Conv1", "Conv2"):
            query = f"/v1/models/{model}/layers/{layer}/filters.npy?channel=all&epoch={EPOCHS}"
            found = np.load(io.BytesIO(client.get(query).content))
            kernel = expected[f"{layer}/kernel"]
            slices = kernel.reshape(*kernel.shape[:2], -1).transpose(2, 0, 1)
            differing += int((slices != found).sum())
    against = f"plain Keras after {EPOCHS} epochs in the same order of samples"
    return Row("weights that differ in any bit", f"{differing}", against, differing, "", at_most=0)


def _start(service: Service) -> Row:
    times = [_seconds_to_first_batch(service) for _ in range(_STARTS)]
    importing = _seconds_of("import tensorflow")
    middle = statistics.median(times)
    return Row(
        "from `POST` to the first batch, on an idle warm worker",
        milliseconds(middle),
        f"importing TensorFlow: {milliseconds(importing)}",
        middle,
        "s",
        at_most=1,
    )


def _storing(service: Service) -> Iterator[Row]:
    spec = JobSpec.model_validate({"dataset": "mnist", **_LARGE})
    parameters = summarize(resolve(spec.architecture, (28, 28, 1), 10), (28, 28, 1)).params
    with_storing, without = [], []
    for _ in range(3):
        with_storing += _seconds_an_epoch(service, _LARGE)
        without += _child("bare", spec.model_dump_json())
    ours, theirs = statistics.median(with_storing), statistics.median(without)
    yield Row(
        f"an epoch of {parameters / 1e6:.0f} million parameters, stored",
        milliseconds(ours),
        f"the same training with nothing stored: {milliseconds(theirs)}",
        ours / theirs,
        "of its time",
        at_most=1.05,
        limit=f"copying its {4 * parameters / 1e6:.0f} MB once: {_copy(parameters)}",
    )
    kept = {
        name: _stored(service, keep)
        for name, keep in (("all", "all"), ("last 1, best", {"last": 1, "best": "val_loss"}))
    }
    fewer = kept["last 1, best"]
    yield Row(
        f"disk of {EPOCHS} epochs of it, `keep` the last and the best",
        f"{fewer / 1e6:.0f} MB",
        f"`keep` all: {kept['all'] / 1e6:.0f} MB",
        fewer / kept["all"],
        "of the bytes",
    )


def _copy(parameters: int) -> str:
    array = np.zeros(parameters, np.float32)
    array.copy()
    began = time.perf_counter()
    array.copy()
    return milliseconds(time.perf_counter() - began)


def _stored(service: Service, keep: Any) -> int:
    model = service.train(**{**_LARGE, "keep": keep, "train_samples": 64, "test_samples": 16})
    with service.client() as client:
        stored: int = client.get(f"/v1/models/{model}").json()["stored_bytes"]
    return stored


def _seconds_an_epoch(service: Service, spec: dict[str, Any]) -> list[float]:
    """From the event of each epoch to that of the next."""
    ends = [when for when, event in _events(service, spec) if event == "epoch"]
    return [later - earlier for earlier, later in pairwise(ends)]


def _seconds_to_first_batch(service: Service) -> float:
    began = time.perf_counter()
    times = [when - began for when, event in _events(service, {"epochs": 1}) if event == "batch"]
    return times[0]


def _events(service: Service, spec: dict[str, Any]) -> list[tuple[float, str]]:
    """Post a job, and note when each of its events came."""
    with httpx.Client(base_url=service.url, timeout=60) as client:
        job = client.post("/v1/jobs", json={"dataset": "mnist", **spec}).raise_for_status().json()
        with httpx_sse.connect_sse(client, "GET", f"/v1/jobs/{job['id']}/events") as stream:
            return [(time.perf_counter(), event.event) for event in stream.iter_sse()]


def _child(*arguments: str) -> list[float]:
    command = [sys.executable, "-m", "benchmarks.training_child", *arguments]
    output = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    times: list[float] = json.loads(output.splitlines()[-1])
    return times


def _seconds_of(statement: str) -> float:
    began = time.perf_counter()
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([sys.executable, "-c", statement], check=True, env=environment, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began
