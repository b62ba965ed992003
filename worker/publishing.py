"""Epochs are published in order on a thread of its own, while the next one is trained."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class Publisher:
    """At most one epoch is on its way: its weights are a copy, and a store that is slow must not let copies pile up.

    Leaving the block waits for the epoch on its way, however the block is left.
    """

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="publish")
        self._under_way: Future[None] | None = None

    def __enter__(self) -> Publisher:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._executor.shutdown(wait=True)
        if error is None:
            self.wait()

    def hand_over(self, publish: Callable[[], None]) -> None:
        """Have this done next. Waits for the epoch before, and raises what publishing that one raised."""
        self.wait()
        self._under_way = self._executor.submit(contextvars.copy_context().run, publish)

    def wait(self) -> None:
        """Returns when nothing is on its way. Raises what publishing raised."""
        if self._under_way is not None:
            self._under_way.result()

    def raise_failure(self) -> None:
        """Raise what publishing raised, if it has; does not wait."""
        if self._under_way is not None and self._under_way.done():
            self._under_way.result()
