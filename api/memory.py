"""How this process asks the C library for memory."""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_ARENAS = 2
_MMAP_BYTES = 256 << 10


def keep_memory_small() -> None:
    """Give what a request has used back to the system. To be called before the first thread starts.

    By default, glibc keeps a heap for each of the threads that serve requests, up to eight a core, and raises the size
    from which a block is returned when freed to that of the largest block freed yet. Pictures and kernels are many
    large blocks, each used once: what every heap kept of them would add up.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # another C library than glibc has no such heaps
        mallopt(_M_ARENA_MAX, _ARENAS)
        mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
