"""The API process by itself: how soon it answers, and what memory it takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.pairs import milliseconds
from benchmarks.processes import process_of, resident_bytes
from benchmarks.rows import Row
from benchmarks.service import Getter, Service, free_port, running_service, service_environment

_RUNS = 5


def rows() -> Iterator[Row]:
    """Started on the database, broker and store of a running service, and used as a page would."""
    with running_service() as service:
        model = service.train(epochs=10, train_samples=640, test_samples=64)
        starts = [_start(service) for _ in range(_RUNS)]
        yield Row(
            "API process: from its start to its first answer",
            f"{milliseconds(statistics.median(starts))}",
            "",
            statistics.median(starts),
            "s",
            at_most=1,
        )
        yield _memory(service, model)


def _start(service: Service) -> float:
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "api"],
        env=service_environment(service.data_dir, port),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while True:
            try:
                Getter(port).get("/healthz")
                return time.perf_counter() - began
            except ConnectionRefusedError:
                time.sleep(0.005)
    finally:
        process.terminate()
        process.wait()


def _memory(service: Service, model: str) -> Row:
    getter, base = Getter(service.port), f"/v1/models/{model}"
    for epoch in range(11):
        for layer in ("Conv1", "Conv2"):
            for path in (f"filters.png?epoch={epoch}", f"activations.png?image=mnist:test:{epoch}&epoch={epoch}"):
                getter.get(f"{base}/layers/{layer}/{path}")
        getter.get(f"{base}/layers/Conv2/animation.html?epoch={epoch}&count=64")
        getter.get(f"{base}/history.png?epoch={epoch}")
    size = resident_bytes(process_of(service, "api"))
    return Row("API process: resident memory after 66 pictures", "", "", size / (1 << 20), "MB", at_most=150)
