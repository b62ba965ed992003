"""What the kernel is to do with a process that trains."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Of 1000: the database and the API on the same machine, at 0, are to be spared.
_OOM_SCORE = "500"


def end_with_parent() -> None:
    """Killed as soon as the worker that forked this process is: it would go on training with nobody to stop it."""
    if sys.platform != "linux":
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died just before
        os.kill(os.getpid(), signal.SIGKILL)


def give_way_in_want_of_memory() -> None:
    """When the machine has no memory left, the kernel kills this process rather than others."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
