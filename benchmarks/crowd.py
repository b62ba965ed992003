"""Clients that ask without a pause, over sockets: what they cost themselves must not be what is measured."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

_IMAGES = 1000
_PIECE = 1 << 16


@dataclass
class Crowd:
    """What came of it: how long each answer took in seconds, how many had another status than 200, answers a second."""

    seconds: list[float] = field(default_factory=list)
    failed: int = 0
    rate: float = 0.0


def crowd(port: int, paths: Sequence[str], *, clients: int, seconds: float) -> Crowd:
    """Each client asks for one of the paths, with the number of an image behind it, both drawn at random."""
    result = Crowd()
    began = time.perf_counter()
    threads = [
        threading.Thread(target=_client, args=(port, paths, began + seconds, random.Random(number), result))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result.rate = len(result.seconds) / (time.perf_counter() - began)
    return result


def _client(port: int, paths: Sequence[str], until: float, at_random: random.Random, result: Crowd) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (began := time.perf_counter()) < until:
            path = f"{at_random.choice(paths)}{at_random.randrange(_IMAGES)}"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            good = _read_answer(connection)
            result.seconds.append(time.perf_counter() - began)
            result.failed += not good


def _read_answer(connection: socket.socket) -> bool:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(_PIECE)
    head, body = received.split(b"\r\n\r\n", 1)
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    missing = length - len(body)
    while missing > 0:
        missing -= len(connection.recv(_PIECE))
    return head.startswith(b"HTTP/1.1 200")
