"""A service of its own for a benchmark, and the plainest of clients."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path
from typing import Any

import httpx

_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Service:
    """A running service."""

    port: int
    data_dir: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> httpx.Client:
        """For what is not timed."""
        return httpx.Client(base_url=self.url, timeout=60)

    def train(self, **spec: Any) -> str:
        """The id of a job that has been trained to its end."""
        with self.client() as client:
            answer = client.post("/v1/jobs", json={"dataset": "mnist", **spec})
            answer.raise_for_status()
            job: dict[str, Any] = answer.json()
            while job["status"] in ("queued", "running"):
                time.sleep(0.1)
                job = client.get(f"/v1/jobs/{job['id']}").json()
        if job["status"] != "succeeded":
            raise RuntimeError(f"the job {job['status']}: {job['error']}")
        identity: str = job["id"]
        return identity


class Getter:
    """One connection that is kept, for what is timed: httpx would take longer than the service."""

    def __init__(self, port: int, **headers: str) -> None:
        self._connection, self._headers = HTTPConnection("127.0.0.1", port), headers

    def get(self, path: str, status: int = 200, **headers: str) -> tuple[Mapping[str, str], bytes]:
        """Headers and body of an answer that must have this status."""
        headers = {**self._headers, **headers}
        try:
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
        except (RemoteDisconnected, BrokenPipeError):  # left unused for longer than the service keeps it
            self._connection.close()
            self._connection.request("GET", path, headers=headers)
            answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != status:
            raise RuntimeError(f"{answer.status} {path}: {body[:300]!r}")
        return {name.lower(): value for name, value in answer.getheaders()}, body


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def service_environment(data_dir: Path, port: int, **settings: str) -> dict[str, str]:
    """What a process of a service in this directory must see."""
    return {
        **os.environ,
        "CNNSERVICE_DATA_DIR": str(data_dir),
        "CNNSERVICE_PORT": str(port),
        **{f"CNNSERVICE_{name.upper()}": value for name, value in settings.items()},
    }


@contextmanager
def running_service(**settings: str) -> Iterator[Service]:
    """`cnnservice up` in a directory of its own, with these settings, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="cnnservice-bench-") as folder:
        service = Service(free_port(), Path(folder))
        environment = service_environment(service.data_dir, service.port, **settings)
        with (service.data_dir / "up.log").open("wb") as log:
            command = [sys.executable, "-m", "cnnservice", "up"]
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_ready(service, process)
            yield service
        finally:
            process.terminate()
            process.wait()


def _wait_until_ready(service: Service, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError((service.data_dir / "up.log").read_text())
        try:
            if httpx.get(f"{service.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise RuntimeError("the service did not become ready")
