"""Start a real service and wait for what it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

# Generous: it only bounds how long a broken stack is waited for.
PATIENCE_SECONDS = 180


T = TypeVar("T")


def wait_until(ask: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        threading.Event().wait(0.05)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Stack:
    """A running service and how to reach it."""

    url: str
    data_dir: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def client(self) -> httpx.Client:
        """A fresh client."""
        return httpx.Client(base_url=self.url, timeout=60)

    def stop(self) -> int:
        """Ask it to stop, as Ctrl-C does, and wait."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_SECONDS)


def start_stack(data_dir: Path, **settings: str) -> Stack:
    """Start `cnnservice up` on a data directory and wait until it is ready."""
    port = free_port()
    environment = {
        **os.environ,
        "CNNSERVICE_DATA_DIR": str(data_dir),
        "CNNSERVICE_PORT": str(port),
        "CUDA_VISIBLE_DEVICES": "-1",
        **{f"CNNSERVICE_{name.upper()}": value for name, value in settings.items()},
    }
    log = (data_dir.parent / f"{data_dir.name}.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "cnnservice", "up"], env=environment, stdout=log, stderr=subprocess.STDOUT
    )
    stack = Stack(f"http://127.0.0.1:{port}", data_dir, environment, process)

    def ready() -> bool:
        assert process.poll() is None, Path(log.name).read_text()
        try:
            return stack.client.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(ready, "the stack to be ready")
    except BaseException:
        stack.stop()
        raise
    return stack


def wait_for_end(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job, once it has ended."""

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        return job if job["status"] in ("succeeded", "failed", "cancelled") else None

    return wait_until(ended, f"job {job_id} to end", 600)


def train(client: httpx.Client, **spec: Any) -> dict[str, Any]:
    """A job, trained to its end."""
    response = client.post("/v1/jobs", json={"dataset": "mnist", **spec})
    assert response.status_code == 202, response.text
    return wait_for_end(client, response.json()["id"])
