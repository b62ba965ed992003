"""What a service's own processes use, as the kernel counts it."""

from __future__ import annotations

import os
from pathlib import Path

from benchmarks.service import Service


def process_of(service: Service, *arguments: str) -> int:
    """The process of a service that runs `python -m <arguments>`."""
    wanted = "\0".join(("-m", *arguments)) + "\0"
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"CNNSERVICE_DATA_DIR={service.data_dir}\0" in (folder / "environ").read_text()
            if mine and wanted in (folder / "cmdline").read_text():
                return int(folder.name)
        except OSError:
            continue
    raise LookupError(f"no process of this service runs {' '.join(arguments)}")


def cpu_seconds(process: int) -> float:
    """Of this process so far, user and system."""
    user, system = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident_bytes(process: int) -> int:
    """The memory of a process that is in RAM now."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024
