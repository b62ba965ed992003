"""The CPU that a PostgreSQL server has used, with its processes that have ended."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg


def server_cpu_seconds(url: str) -> float:
    """Of the whole server that this database is on, which is on this machine. Counts clients that have left."""
    with psycopg.connect(url) as connection:
        ((folder,),) = connection.execute("SHOW data_directory").fetchall()
    process = (Path(folder) / "postmaster.pid").read_text().splitlines()[0]
    # Its own, and that of its children it has waited for: utime, stime, cutime and cstime of proc(5).
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
