"""A worker says that it lives, to /readyz and to a container's health, and what it has counted; it passes a stop on to
its child.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import Any

import redis
from celery.signals import celeryd_after_setup, worker_ready, worker_shutdown, worker_shutting_down

from cnnservice.broker import INSPECT_QUEUE, worker_key
from cnnservice.telemetry.tracing import start_tracing, stop_tracing
from worker.app import resources
from worker.stopping import stopping

_INTERVAL_SECONDS = 2
_FORGET_SECONDS = 3600
_queues: list[str] = []


@celeryd_after_setup.connect  # type: ignore[untyped-decorator]
def _prepare(instance: Any, **_: Any) -> None:
    _queues.extend(instance.app.amqp.queues.consume_from)
    if INSPECT_QUEUE in _queues:
        # Computing happens in this very process here; the train worker's parent must never import TensorFlow.
        from worker.inspect import warm_up

        start_tracing(resources().settings, "cnnservice-worker-inspect")
        warm_up()


@worker_ready.connect  # type: ignore[untyped-decorator]
def _begin(sender: Any, **_: Any) -> None:
    threading.Thread(target=_report, args=(sender.hostname,), name="liveness", daemon=True).start()


@worker_shutting_down.connect  # type: ignore[untyped-decorator]
def _stop(**_: Any) -> None:
    stopping.set()


@worker_shutdown.connect  # type: ignore[untyped-decorator]
def _leave(sender: Any, **_: Any) -> None:
    # Not by the thread that reports, which sleeps: a service that is started again at once would seem ready.
    resources().counts.publish()
    stop_tracing()
    with contextlib.suppress(redis.RedisError):
        for queue in _queues:
            resources().redis.zrem(worker_key(queue), sender.hostname)


def _report(hostname: str) -> None:
    client, alive = resources().redis, resources().settings.alive_file
    while not stopping.is_set():
        try:
            for queue in _queues:
                client.zadd(worker_key(queue), {hostname: time.time()})
                client.zremrangebyscore(worker_key(queue), "-inf", time.time() - _FORGET_SECONDS)
            if alive is not None:
                alive.touch()
        except (redis.RedisError, OSError):
            pass  # /readyz says what is wrong with the broker; the next round tries again
        resources().counts.publish()
        time.sleep(_INTERVAL_SECONDS)
