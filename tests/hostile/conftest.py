"""What is sent to harm, and how it is seen that it did not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx
import pytest

from live import Stack, train, wait_until

# What the API's memory may grow by while it reads what is hostile: two of the largest pictures allowed are decoded at
# once, each with the copies that fitting makes.
MEMORY_BYTES = 1 << 30

Unharmed = Callable[[], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def tiny_model(client: httpx.Client) -> str:
    """The path of a model of MNIST, hardly trained."""
    job = train(client, epochs=1, train_samples=64, test_samples=16, architecture="mlp")
    return f"/v1/models/{job['id']}"


@pytest.fixture
def unharmed_by_it(stack: Stack, client: httpx.Client) -> Unharmed:
    """A block after which the API is the same process, has grown little, and has as many files open and stored."""

    @contextmanager
    def _unharmed() -> Iterator[None]:
        (api,) = stack.pids("api")
        stored, opened, before = _stored(stack), _open_files(api), _memory(api, "VmRSS")
        Path(f"/proc/{api}/clear_refs").write_text("5")  # VmHWM begins anew
        yield
        assert client.get("/healthz").status_code == 200
        assert stack.pids("api") == [api]
        assert _memory(api, "VmHWM") - before < MEMORY_BYTES
        assert _stored(stack) == stored
        wait_until(lambda: _open_files(api) <= opened + _AT_REST, "the API to close its files")

    return _unharmed


# Connections that come and go by themselves: the database's, the broker's, and those that other clients keep alive.
_AT_REST = 12


def _stored(stack: Stack) -> set[str]:
    """All that uploads may leave, but for what is trained meanwhile."""
    local = {str(path) for path in (stack.data_dir / "datasets").rglob("*") if path.is_file()}
    return local | {path for folder in ("images", "datasets") for path in stack.files(f"{folder}/")}


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def _memory(pid: int, what: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) << 10
    raise AssertionError(what)
