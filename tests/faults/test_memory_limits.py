"""A job that takes too much memory fails at its first attempt; the worker stays, and takes the next one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from live import Stack
from witness import TINY, ended, post, succeeded

# 448 x 448 pixels of each of 4096 images, 3.3 GB, again and again.
GREEDY: dict[str, Any] = {
    **TINY,
    "epochs": 20,
    "train_samples": 4096,
    "batch_size": 4096,
    "architecture": {
        "layers": [
            {"type": "up_sampling2d", "size": 16},
            {"type": "global_average_pooling2d"},
            {"type": "dense", "units": 10, "activation": "softmax"},
        ]
    },
}
_CGROUPS = Path("/sys/fs/cgroup")


def test_a_job_that_takes_more_than_it_may_fails_and_its_worker_takes_the_next(
    client: httpx.Client, stack: Stack
) -> None:
    worker, child = stack.pids("worker", "train")
    job = ended(client, post(client, GREEDY))
    assert (job["status"], job["attempt"], job["error"]["code"]) == ("failed", 1, "out-of-memory")
    assert f"{1500 << 20} bytes" in job["error"]["detail"]
    assert "CNNSERVICE_MAX_JOB_MEMORY_BYTES" in job["error"]["detail"]
    assert succeeded(client, post(client, TINY))["attempt"] == 1
    assert stack.pids("worker", "train")[0] == worker
    assert child not in stack.pids("worker", "train")


@pytest.mark.full
def test_a_job_that_the_kernel_kills_for_want_of_memory_is_not_tried_again(client: httpx.Client, stack: Stack) -> None:
    succeeded(client, post(client, TINY))
    worker, child = stack.pids("worker", "train")
    with confined(child, 600 << 20):
        job = ended(client, post(client, GREEDY))
    assert (job["status"], job["attempt"], job["error"]["code"]) == ("failed", 1, "out-of-memory")
    assert "kernel" in job["error"]["detail"]
    assert succeeded(client, post(client, TINY))["attempt"] == 1
    assert stack.pids("worker", "train")[0] == worker


@contextmanager
def confined(pid: int, limit: int) -> Iterator[None]:
    """A process that may take so many bytes more, in a control group of its own: beyond, the kernel kills it."""
    name = f"cnnservice-test-{pid}"
    versions = ((_CGROUPS / "memory" / name, "memory.limit_in_bytes"), (_CGROUPS / name, "memory.max"))
    for folder, setting in versions:
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / setting).write_text(str(limit))
            (folder / "cgroup.procs").write_text(str(pid))
        except OSError:
            folder.rmdir()
            continue
        yield
        folder.rmdir()
        return
    pytest.skip("no control group can be made here")
