"""Files of epochs whose weights a job does not keep."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Sequence

from cnnservice.store import StoreUnavailable
from cnnservice.weights import CheckpointStore

_log = logging.getLogger(__name__)
# Who has found an epoch's row before it was dropped goes on to read its file.
_GRACE_SECONDS = 2.0


class DroppedFiles:
    """Deleted a moment after they were dropped. What is left over when a worker dies goes with the job."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        self._waiting: deque[tuple[float, str]] = deque()

    def add(self, paths: Sequence[str]) -> None:
        """Have these deleted at a later call, and delete those whose time has come."""
        now = time.monotonic()
        self._waiting.extend((now + _GRACE_SECONDS, path) for path in paths)
        self._delete_due(now)

    def delete_all(self) -> None:
        """Delete all that still wait."""
        self._delete_due(float("inf"))

    def _delete_due(self, now: float) -> None:
        due = []
        while self._waiting and self._waiting[0][0] <= now:
            due.append(self._waiting.popleft()[1])
        try:
            self._store.delete(due)
        except StoreUnavailable as error:
            _log.warning("%s files of dropped epochs are left in the store: %s", len(due), error.detail)
