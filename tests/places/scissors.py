"""What stands before a service and cuts its event streams, wherever it pleases: also within an event."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterable
from types import TracebackType
from urllib.parse import urlsplit


class Scissors:
    """Passes all on; of each event stream only so many bytes, as long as there are numbers of them left."""

    def __init__(self, url: str, lengths: Iterable[int]) -> None:
        behind = urlsplit(url)
        self._behind = (behind.hostname, behind.port)
        self._lengths = iter(lengths)
        self.cuts = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Scissors:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        # Closing alone would not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            Connection(near, socket.create_connection(self._behind), self)

    def next_length(self) -> int | None:
        """Of the stream that begins now; None for all of it."""
        return next(self._lengths, None)


class Connection:
    """One connection, which two threads pass on, a direction each."""

    def __init__(self, near: socket.socket, far: socket.socket, scissors: Scissors) -> None:
        self._near, self._far, self._scissors = near, far, scissors
        self._left: int | None = None
        for work in (self._requests, self._answers):
            threading.Thread(target=work, daemon=True).start()

    def _requests(self) -> None:
        try:
            while chunk := self._near.recv(1 << 16):
                if b"/events HTTP" in chunk:
                    self._left = self._scissors.next_length()
                self._far.sendall(chunk)
        except OSError:
            pass
        self._close()

    def _answers(self) -> None:
        try:
            while chunk := self._far.recv(1 << 16):
                if self._left is not None and len(chunk) >= self._left:
                    self._near.sendall(chunk[: self._left])
                    self._scissors.cuts += 1
                    break
                if self._left is not None:
                    self._left -= len(chunk)
                self._near.sendall(chunk)
        except OSError:
            pass
        self._close()

    def _close(self) -> None:
        for end in (self._near, self._far):
            # The other thread may have been faster, or the other side.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
