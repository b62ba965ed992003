"""What this process takes of memory, and how often the kernel has killed for want of it."""

from __future__ import annotations

from pathlib import Path

import psutil

_CGROUPS = Path("/sys/fs/cgroup")


def resident_bytes() -> int:
    """What this process has in memory now."""
    return int(psutil.Process().memory_info().rss)


def killed_by_kernel() -> int:
    """How many processes the kernel has killed for want of memory: near this one where it tells so, else anywhere.

    0 where it does not tell.
    """
    for counts in (_own_cgroup() / "memory.events", Path("/proc/vmstat")):
        try:
            lines = counts.read_text().splitlines()
        except OSError:
            continue
        for name, value in map(str.split, lines):
            if name == "oom_kill":
                return int(value)
    return 0


def _own_cgroup() -> Path:
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return _CGROUPS
    # `0::/path` is that of version 2; within a container it may be told as the container's root, or as the host's path.
    path = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
    return _CGROUPS / path
