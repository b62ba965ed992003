"""One attempt at a long computation: its lease, what it tells, and what makes it stop."""

from __future__ import annotations

import contextvars
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cnnservice import computations
from cnnservice.database.engine import OUTAGES
from worker.app import Resources
from worker.stopping import stopping

_log = logging.getLogger(__name__)
_WRITE_SECONDS = 0.5


class Stopped(Exception):
    """The worker stops, or the computation is no longer this worker's."""


class Attempt:
    """A claim under a lease that a thread renews: some computations cannot say a word before they are done."""

    def __init__(self, parts: Resources, claim: computations.Claim) -> None:
        self.claim = claim
        self.lost = False
        self._parts = parts
        self._told = (0.0, "begins")
        self._written: tuple[float, str] | None = None
        self._next_write = 0.0
        self._writing = threading.Lock()

    @contextmanager
    def lease(self) -> Iterator[None]:
        """Renew the lease until the block ends."""
        ended = threading.Event()
        context = contextvars.copy_context()
        thread = threading.Thread(target=context.run, args=(self._renew, ended), name="computation lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def report(self, progress: float, message: str) -> None:
        """Tell how far it is. Raises Stopped."""
        self._told = (progress, message)
        if time.monotonic() >= self._next_write:
            self._write()
        if self.lost or stopping.is_set():
            raise Stopped

    def _renew(self, ended: threading.Event) -> None:
        self._write()
        while not ended.wait(self._parts.settings.heartbeat_seconds) and not self.lost:
            self._write()

    def _write(self) -> None:
        parts = self._parts
        with self._writing:
            self._next_write = time.monotonic() + _WRITE_SECONDS
            progress, message = told = self._told
            try:
                computations.report(
                    parts.database,
                    self.claim,
                    now=time.time(),
                    lease_seconds=parts.settings.lease_seconds,
                    progress=progress,
                    message=message,
                )
            except computations.ClaimLost:
                self.lost = True
                return
            except OUTAGES as error:
                _log.warning("computation %s: the database took no report: %s", self.claim.computation_id, error)
                return
            if told != self._written:
                self._written = told
                parts.events.ring(self.claim.computation_id)
