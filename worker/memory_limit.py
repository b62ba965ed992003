"""Ends a run that takes more memory than it may: in the middle of a batch, as the batch may be what takes it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

from cnnservice import jobs
from cnnservice.database.engine import OUTAGES
from worker.memory import resident_bytes

_log = logging.getLogger(__name__)


class MemoryLimit:
    """What a run adds to its process, held against a limit in bytes.

    What the process had before does not count: a job's fate is not to depend on those that ran there earlier.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self._before = limit, resident_bytes()

    def enforce(self, fail: Callable[[], None]) -> None:
        """When it is exceeded, have the job fail and end this process: another takes its place, and the next job."""
        if resident_bytes() - self._before <= self._limit:
            return
        try:
            fail()
        except jobs.LeaseLost:  # it has ended meanwhile, or goes on elsewhere
            return
        except OUTAGES:  # it is tried again, here or elsewhere
            _log.exception("a run exceeds its memory, and the database is away")
        _log.error("the run took more than %s bytes of memory; this process ends", self._limit)
        os._exit(1)
