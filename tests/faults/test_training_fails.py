"""What fails by itself fails for good, and says what can be done."""

from __future__ import annotations

import os
import resource
import signal
import time

import httpx
from uuid_utils import uuid7

from cnnservice import submission
from cnnservice.database.engine import Database
from cnnservice.specs.job import JobSpec
from live import Stack, wait_until
from witness import DELICATE, TINY, ended, job_of, post, succeeded

# A linear output under a loss for probabilities, and steps as large as are allowed.
DIVERGES = {
    **TINY,
    "epochs": 50,
    "architecture": {"layers": [{"type": "flatten"}, {"type": "dense", "units": 10}]},
    "compile": {"loss": "mean_squared_error", "optimizer": {"name": "sgd", "learning_rate": 10}},
}
# TensorFlow at rest has 0.4 GB.
MEMORY_BYTES = 1400 << 20


def test_a_loss_that_is_no_number_fails_once(client: httpx.Client) -> None:
    job = ended(client, post(client, DIVERGES))
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "diverged", 1)
    assert "smaller learning rate" in job["error"]["detail"]


def test_a_spec_that_keras_refuses_fails_once_with_what_keras_says(client: httpx.Client, stack: Stack) -> None:
    # Straight into the database, as from a version that refused less.
    larger_than_its_input = {"type": "conv2d", "filters": 2, "kernel_size": 29}
    layers = [larger_than_its_input, {"type": "flatten"}, {"type": "dense", "units": 10}]
    spec = JobSpec.model_validate({**TINY, "architecture": {"layers": layers}})
    database = Database(stack.settings.resolved_database_url)
    made, _ = submission.submit(database, spec, job_id=str(uuid7()), now=time.time())
    database.close()
    job = ended(client, made.id)
    assert (job["status"], job["error"]["code"], job["attempt"]) == ("failed", "training-failed", 1)
    assert "ValueError" in job["error"]["detail"]
    assert "Traceback" not in job["error"]["detail"]


def test_a_job_that_needs_more_memory_than_there_is_fails_and_says_so(client: httpx.Client, stack: Stack) -> None:
    succeeded(client, post(client, TINY))
    # 448 x 448 pixels of each of 4096 images: 3.3 GB.
    layers = [
        {"type": "up_sampling2d", "size": 16},
        {"type": "global_average_pooling2d"},
        {"type": "dense", "units": 10, "activation": "softmax"},
    ]
    greedy = {**TINY, "train_samples": 4096, "batch_size": 4096, "architecture": {"layers": layers}}
    # Of the worker, of the child that trains, and so of every child that takes its place.
    before = {pid: resource.prlimit(pid, resource.RLIMIT_DATA) for pid in stack.pids("worker", "train")}
    for pid, (_, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY_BYTES, hard))
    job = ended(client, post(client, greedy))
    for pid in stack.pids("worker", "train"):
        resource.prlimit(pid, resource.RLIMIT_DATA, next(iter(before.values())))
    # TensorFlow says so mostly, and sometimes dies of it without a word, or hangs and is ended: the attempts are
    # counted then, and one that says so may come after one that could not.
    assert job["status"] == "failed"
    limit = stack.settings.attempt_limit
    said = [("out-of-memory", attempt) for attempt in range(1, limit + 1)]
    assert (job["error"]["code"], job["attempt"]) in [*said, ("worker-lost", limit)]
    assert "memory" in job["error"]["detail"]
    assert "smaller batch_size" in job["error"]["detail"]
    assert succeeded(client, post(client, TINY))["attempt"] == 1


def test_a_job_that_kills_its_worker_is_not_tried_for_ever(client: httpx.Client, stack: Stack) -> None:
    # As the kernel does for want of memory: the child is gone without a word, each time before an epoch is done.
    limit = stack.settings.attempt_limit
    job = post(client, {**DELICATE, "train_samples": 6000, "batch_size": 1})
    for attempt in range(1, limit + 1):

        def runs() -> bool:
            now = job_of(client, job)
            return now["status"] == "running" and now["attempt"] == attempt  # noqa: B023

        wait_until(runs, f"attempt {attempt}")
        os.kill(stack.pids("worker", "train")[-1], signal.SIGKILL)
    failed = ended(client, job)
    assert (failed["status"], failed["attempt"], failed["error"]["code"]) == ("failed", limit, "worker-lost")
    assert f"{limit} attempts in a row" in failed["error"]["detail"]
    assert "memory" in failed["error"]["detail"]
    succeeded(client, post(client, TINY))
