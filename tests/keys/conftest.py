"""A stack of its own, as keys once made are on for good, with what two owners have made in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from contract import CheckedClient
from live import Stack, start_stack, wait_for_end

SPEC = {"dataset": "mnist", "train_samples": 200, "test_samples": 100, "epochs": 2, "architecture": "mlp"}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack on its defaults, but for a bucket that a test can empty."""
    running = start_stack(tmp_path_factory.mktemp("keys") / "data", requests_per_second="5", requests_burst="400")
    # The job from before there were keys: nobody's.
    with running.client as client:
        client.post("/v1/jobs", json={**SPEC, "tags": ["nobodys"]}).raise_for_status()
    yield running
    assert running.stop() == 0


Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def command(stack: Stack) -> Command:
    """Runs `cnnservice …` beside the running stack."""
    return commands(stack)


def commands(stack: Stack) -> Command:
    """A function that runs `cnnservice …` beside a running stack, as who runs the service does."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "cnnservice", *arguments]
        return subprocess.run(line, env=stack.environment, text=True, capture_output=True, check=False)

    return run


def made(command: Command, owner: str, scope: str) -> str:
    """A new key's text."""
    answer = command("keys", "create", owner, "--scope", scope)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@dataclass
class Owner:
    """One who has a key, and what he has made."""

    key: str
    client: httpx.Client
    made: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def owners(stack: Stack, command: Command) -> Iterator[dict[str, Owner]]:
    """alice and bob, who train, and root, who sees all."""
    with ExitStack() as clients:
        owners = {}
        for name, scope in {"alice": "train", "bob": "train", "root": "admin"}.items():
            key = made(command, name, scope)
            client = clients.enter_context(CheckedClient(stack.url))
            client.headers["Authorization"] = f"Bearer {key}"
            owners[name] = Owner(key, client)
        yield owners


@pytest.fixture(scope="session")
def alice(owners: dict[str, Owner]) -> Owner:
    """With a trained model, a data set, a picture and a computation."""
    alice = owners["alice"]
    job = alice.client.post("/v1/jobs", json=SPEC).raise_for_status().json()
    assert wait_for_end(alice.client, job["id"])["status"] == "succeeded"
    arrays = BytesIO()
    images = np.arange(2 * 6 * 6, dtype=np.uint8).reshape(2, 6, 6)
    np.savez(arrays, x_train=images, y_train=[0, 1], x_test=images, y_test=[0, 1])
    upload = {"file": ("a.npz", arrays.getvalue())}
    alice.client.post("/v1/datasets", data={"name": "alices"}, files=upload).raise_for_status()
    picture = alice.client.post("/v1/images", files={"file": ("a.png", png(7))}).raise_for_status().json()
    similar = alice.client.get(f"/v1/models/{job['id']}/similarity.json", params={"images": 20, "wait": 0})
    assert similar.status_code == 202, similar.text
    sweep = {"base": {**SPEC, "epochs": 1}, "parameters": {"/seed": {"values": [1]}}}
    swept = alice.client.post("/v1/sweeps", json=sweep).raise_for_status().json()
    alice.made = {
        "sweep_id": swept["id"],
        "job_id": job["id"],
        "model_id": job["id"],
        "computation_id": similar.json()["id"],
        "name": "alices",
        "upload": picture["reference"],
    }
    return alice


@pytest.fixture(scope="session")
def bob(owners: dict[str, Owner]) -> Owner:
    """With a key like alice's."""
    return owners["bob"]


@pytest.fixture(scope="session")
def root(owners: dict[str, Owner]) -> Owner:
    """With an admin's key."""
    return owners["root"]


def png(grey: int) -> bytes:
    """A picture all of one grey."""
    content = BytesIO()
    Image.new("L", (28, 28), grey).save(content, "PNG")
    return content.getvalue()


def without(problem: dict[str, Any], *words: str) -> str:
    """A problem with these words taken out: two that differ in nothing else tell nothing else."""
    text = str({name: value for name, value in problem.items() if name != "instance"})
    for word in words:
        text = text.replace(word, "…")
    return text
