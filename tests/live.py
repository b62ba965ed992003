"""Start a real service and wait for what it does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx
import obstore
import pytest
from numpy.typing import NDArray
from obstore.store import ObjectStore
from safetensors.numpy import load

from cnnservice.settings import Settings
from cnnservice.store import open_store

# Generous: it only bounds how long a broken stack is waited for.
PATIENCE_SECONDS = 180


T = TypeVar("T")


def wait_until(ask: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """The first answer that is true; what takes long is asked for less and less often, as each question is work."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < seconds:
        answer = ask()
        if answer:
            return answer
        threading.Event().wait(min(0.05 + waited / 20, 0.3))
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
    def settings(self) -> Settings:
        """Its settings, as its own processes read them."""
        named = {
            name.removeprefix("CNNSERVICE_").lower(): value
            for name, value in self.environment.items()
            if name.startswith("CNNSERVICE_")
        }
        return Settings.model_validate(named)

    @cached_property
    def store(self) -> ObjectStore:
        """Its artifact store."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            return open_store(self.settings.resolved_store_url)

    @property
    def client(self) -> httpx.Client:
        """A fresh client."""
        return httpx.Client(base_url=self.url, timeout=60)

    def files(self, prefix: str) -> list[str]:
        """The paths of what its artifact store has below a folder."""
        return [entry["path"] for batch in obstore.list(self.store, prefix=prefix) for entry in batch]

    def epoch_path(self, model_id: str, epoch: int) -> str:
        """Where the checkpoint of an epoch is, of a model trained in one go."""
        (path,) = [
            path for path in self.files(f"models/{model_id}/") if path.endswith(f"/epoch-{epoch:05d}.safetensors")
        ]
        return path

    def tensors(self, model_id: str, epoch: int) -> dict[str, NDArray[Any]]:
        """All that the checkpoint of an epoch holds, by name, as the safetensors library reads it."""
        return dict(sorted(load(self.read(self.epoch_path(model_id, epoch))).items()))

    def read(self, path: str) -> bytes:
        """A file of its artifact store."""
        return bytes(obstore.get(self.store, path).bytes())

    def write(self, path: str, content: bytes) -> None:
        """Put a file into its artifact store, in the place of what is there."""
        obstore.put(self.store, path, content)

    def pids(self, *arguments: str) -> list[int]:
        """Its processes that run `python -m <arguments>`, the oldest first; all of them without arguments."""
        wanted = [b"-m", *(argument.encode() for argument in arguments)] if arguments else []
        mine = f"CNNSERVICE_DATA_DIR={self.data_dir}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().split(b"\0")[1:]
                if command[: len(wanted)] == wanted and mine in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
            except OSError:
                continue
        return sorted(found)

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop, as Ctrl-C does, and wait."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


def start_stack(data_dir: Path, environment: Mapping[str, str] | None = None, **settings: str) -> Stack:
    """Start `cnnservice up` on a data directory and wait until it is ready."""
    port = free_port()
    environment = {
        **os.environ,
        **(environment or {}),
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


@contextmanager
def second_worker(stack: Stack) -> Iterator[None]:
    """Another worker that trains beside the stack's own, until the block ends.

    Where database, broker and store are servers, it has no more in common with the stack than these: a folder of its
    own, as on another machine.
    """
    with TemporaryDirectory() as elsewhere:
        own = {"CNNSERVICE_DATA_DIR": elsewhere} if stack.settings.database_url is not None else {}
        process = subprocess.Popen(
            [sys.executable, "-m", "worker", "train"],
            env={**stack.environment, **own},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE_SECONDS)


def wait_for_end(client: httpx.Client, job_id: str) -> dict[str, Any]:
    """The job, once it has ended."""

    def ended() -> dict[str, Any] | None:
        job: dict[str, Any] = client.get(f"/v1/jobs/{job_id}").json()
        return job if job["status"] in ("succeeded", "failed", "cancelled") else None

    return wait_until(ended, f"job {job_id} to end", 600)


def metric(client: httpx.Client, sample: str) -> float:
    """What /metrics tells of a sample, named with its labels as it stands there."""
    lines = client.get("/metrics").text.splitlines()
    return next(float(line.removeprefix(sample)) for line in lines if line.startswith(f"{sample} "))


def train(client: httpx.Client, **spec: Any) -> dict[str, Any]:
    """A job, trained to its end."""
    response = client.post("/v1/jobs", json={"dataset": "mnist", **spec})
    assert response.status_code == 202, response.text
    return wait_for_end(client, response.json()["id"])
