"""Whether this worker is to stop, told to what it runs."""

from __future__ import annotations

import mmap


class SharedFlag:
    """Set once, seen by this process and its children. It has no lock that one killed could leave locked."""

    def __init__(self) -> None:
        self._byte = mmap.mmap(-1, 1)

    def set(self) -> None:
        """From now on it is set."""
        self._byte[0] = 1

    def is_set(self) -> bool:
        """Whether it is."""
        return self._byte[0] == 1


# Made before the fork, so that the child sees it set: a run then stops at its next batch.
stopping = SharedFlag()
