"""What is told of a job that has just ended."""

from __future__ import annotations

from typing import Any

from cnnservice.events import EventWriter
from cnnservice.telemetry.counts import Counts
from cnnservice.telemetry.families import JOB_SECONDS


def tell_end(
    events: EventWriter,
    counts: Counts,
    job_id: str,
    status: str,
    *,
    seconds: float,
    epochs_done: int,
    error: dict[str, Any] | None,
) -> None:
    """Count the seconds since it began, and say in its stream how it ended."""
    counts.observe(JOB_SECONDS, seconds, status)
    counts.publish()
    events.append(job_id, "end", epochs_done + 1, {"status": status, "epochs_done": epochs_done, "error": error})
