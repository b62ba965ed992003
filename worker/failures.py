"""The errors of jobs that took more than there is, or than they may."""

from __future__ import annotations

from typing import Any


def out_of_memory(what: str) -> dict[str, Any]:
    """The error of a job for which memory did not suffice; what says whose."""
    detail = f"{what} Try a smaller batch_size, fewer samples, or a smaller network."
    return {"code": "out-of-memory", "detail": detail}


def too_much_memory(limit: int) -> dict[str, Any]:
    """The error of a job that took more bytes than it may."""
    return out_of_memory(
        f"The training took more than {limit} bytes of memory, the most allowed (CNNSERVICE_MAX_JOB_MEMORY_BYTES)."
    )


def too_long(limit: float) -> dict[str, Any]:
    """The error of a job that has run for more seconds than it may."""
    return {
        "code": "too-long",
        "detail": f"The job has run for {limit:g} seconds, the most allowed (CNNSERVICE_MAX_JOB_SECONDS). Its finished "
        "epochs are kept: post a job with continue_from to go on from the last of them.",
    }
