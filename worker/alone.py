"""One thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Alone:
    """Work that looks for itself what there is to do, and must not be done by two threads at once.

    Who asks while it is being done does not wait: whoever does it does it once more, so that what came meanwhile is
    seen.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._asked, self._working = threading.Event(), threading.Lock()

    def __call__(self) -> None:
        """Have it done, by this thread or by the one that is at it."""
        self._asked.set()
        # Asked once more after the lock was released: one who asked just before found it held and has gone.
        while self._asked.is_set() and self._working.acquire(blocking=False):
            try:
                self._asked.clear()
                self._work()
            finally:
                self._working.release()
