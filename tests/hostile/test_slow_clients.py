"""Clients that send slowly, or nothing, or do not read, are let go; others are served, and nothing of them stays."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from live import PATIENCE_SECONDS, Stack, free_port, wait_until

from .pictures import PNG
from .sockets import answer, connection

STALL_SECONDS, CONNECTIONS = 1, 60
FORM = b"Content-Type: multipart/form-data; boundary=B\r\n"
UPLOAD = b"POST /v1/images HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: 9000000\r\n\r\n"
PART = b'--B\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'


@dataclass(frozen=True)
class Impatient:
    """An API process of the session's stack that waits no longer than STALL_SECONDS."""

    url: str
    pid: int

    def serves(self) -> None:
        """Others are served, and nobody is left to close the connection for."""
        assert httpx.get(f"{self.url}/v1/datasets/mnist").status_code == 200

    def sockets(self) -> int:
        """Those that it has open."""
        links = (path for path in Path(f"/proc/{self.pid}/fd").iterdir())
        return sum(_is_socket(path) for path in links)

    def threads(self) -> int:
        """Those that it has."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))


def _is_socket(path: Path) -> bool:
    try:
        return path.readlink().name.startswith("socket:")
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def impatient(stack: Stack) -> Iterator[Impatient]:
    """It runs until the module's tests are over."""
    port = free_port()
    environment = {
        **stack.environment,
        "CNNSERVICE_PORT": str(port),
        "CNNSERVICE_STALL_SECONDS": str(STALL_SECONDS),
        "CNNSERVICE_MAX_CONNECTIONS": str(CONNECTIONS),
        # It is not one of the stack's own.
        "CNNSERVICE_REDIS_URL": stack.settings.resolved_redis_url,
    }
    process = subprocess.Popen([sys.executable, "-m", "api"], env=environment, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        assert process.poll() is None
        try:
            return httpx.get(f"{url}/v1/datasets/mnist").status_code == 200
        except httpx.TransportError:
            return False

    try:
        wait_until(answers, "the impatient API")
        yield Impatient(url, process.pid)
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@pytest.fixture
def unheld(impatient: Impatient) -> Iterator[Impatient]:
    """It, which after the test has as few connections and threads as before, and stored nothing."""
    before, threads = impatient.sockets(), impatient.threads()
    yield impatient
    impatient.serves()
    wait_until(lambda: impatient.sockets() <= before, "the connections to be closed")
    wait_until(lambda: impatient.threads() <= threads + 4, "the threads to end")


def drip(client: socket.socket, content: bytes) -> None:
    """Send it a byte at a time, until the server has had enough."""
    client.settimeout(STALL_SECONDS / 5)
    for at in range(len(content)):
        try:
            client.sendall(content[at : at + 1])
            if client.recv(1, socket.MSG_PEEK) is not None:
                break
        except TimeoutError:
            continue
        except ConnectionError:
            break
    client.settimeout(60)


def assert_too_slow(client: socket.socket) -> None:
    told = answer(client)
    assert told is not None
    assert told.status == 408
    assert told.problem["type"] == "/problems/too-slow"
    assert told.headers["connection"] == "close"
    assert client.recv(1) == b""


def test_half_a_head_is_not_waited_for(unheld: Impatient) -> None:
    with connection(unheld.url) as client:
        client.sendall(b"GET /v1/datasets HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        unheld.serves()
        assert_too_slow(client)
    with connection(unheld.url) as client:
        drip(client, b"GET /" + b"a" * 1000)
        assert_too_slow(client)


def test_half_a_body_is_not_waited_for(unheld: Impatient) -> None:
    json_head = b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000\r\n\r\n"
    for head, begun in ((json_head, b'{"dataset":'), (json_head, b""), (UPLOAD, PART + PNG[:50])):
        with connection(unheld.url) as client:
            client.sendall(head + begun)
            unheld.serves()
            assert_too_slow(client)
        with connection(unheld.url) as client:
            client.sendall(head)
            drip(client, begun + b" " * 1000)
            assert_too_slow(client)


def test_a_body_that_comes_in_pieces_is_read(unheld: Impatient) -> None:
    content = json.dumps({"dataset": "mnist", "architecture": "cnn"}).encode()
    with connection(unheld.url) as client:
        client.sendall(b"POST /v1/architectures/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n")
        client.sendall(b"Content-Length: %d\r\n\r\n" % len(content))
        for at in range(0, len(content), 10):
            client.sendall(content[at : at + 10])
        told = answer(client)
        assert told is not None
        assert told.status == 200


def test_who_says_nothing_is_let_go_without_a_word(unheld: Impatient) -> None:
    with ExitStack() as all_of_them:
        silent = [all_of_them.enter_context(connection(unheld.url)) for _ in range(CONNECTIONS // 2)]
        unheld.serves()
        assert {client.recv(1) for client in silent} == {b""}
    with connection(unheld.url) as client:
        drip(client, b"\r\n" * 500)
        assert answer(client) is None


def test_more_connections_than_are_allowed_are_told_so(unheld: Impatient) -> None:
    with ExitStack() as all_of_them:
        for _ in range(CONNECTIONS):
            all_of_them.enter_context(connection(unheld.url))
        with connection(unheld.url) as client:
            told = answer(client)
        assert told is not None
        assert (told.status, told.problem["type"]) == (503, "/problems/too-many-connections")
        assert told.headers["retry-after"] == "5"
        wait_until(lambda: unheld.sockets() < CONNECTIONS, "the others to be let go")


def test_who_does_not_read_is_let_go(unheld: Impatient) -> None:
    before = unheld.sockets()
    with connection(unheld.url, receive_buffer=4096) as client:
        # More than the system keeps for who reads later.
        client.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 60)
        wait_until(lambda: unheld.sockets() > before, "the connection")
        unheld.serves()
        wait_until(lambda: unheld.sockets() <= before, "the connection to be given up")


def test_who_leaves_in_the_middle_leaves_nothing(stack: Stack, unheld: Impatient, tiny_model: str) -> None:
    stored = set(stack.files("images/"))
    events = f"GET {tiny_model.replace('models', 'jobs')}/events HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    for request in (UPLOAD + PART + PNG * 5000, b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", events):
        for _ in range(20):
            with connection(unheld.url, receive_buffer=4096) as client:
                client.sendall(request)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    assert set(stack.files("images/")) == stored
