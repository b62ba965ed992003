"""Connections to Redis, and the names of what is kept there."""

from __future__ import annotations

from typing import Any, Literal

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from cnnservice.settings import Settings

# Longer than any blocking read made here, or the read would be cut off by its own socket.
SOCKET_TIMEOUT = 30
_CONNECTION: dict[str, Any] = {
    "socket_timeout": SOCKET_TIMEOUT,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 25,
}
# A connection of a broker that has been started again is found closed when it is used: the command is sent anew.
_BACKOFF, _RETRIES = ExponentialBackoff(cap=0.5, base=0.05), 3
_UNIX_CONNECTION: dict[str, Any] = {name: value for name, value in _CONNECTION.items() if name != "socket_keepalive"}


def connection_options(settings: Settings) -> dict[str, Any]:
    """Options of every connection: a unix socket knows no keep-alive."""
    return dict(_UNIX_CONNECTION if settings.resolved_redis_url.startswith("unix:") else _CONNECTION)


def connect(settings: Settings) -> redis.Redis:
    """A pool of connections for threads."""
    return redis.Redis.from_url(
        settings.resolved_redis_url, retry=Retry(_BACKOFF, _RETRIES), **connection_options(settings)
    )


def connect_async(settings: Settings) -> redis.asyncio.Redis:
    """A pool of connections for coroutines."""
    return redis.asyncio.Redis.from_url(
        settings.resolved_redis_url, retry=AsyncRetry(_BACKOFF, _RETRIES), **connection_options(settings)
    )


def celery_broker_url(settings: Settings) -> str:
    """The same server as kombu spells it."""
    url = settings.resolved_redis_url
    return url.replace("unix://", "redis+socket://", 1) if url.startswith("unix:") else url


# Equal wherever it is asked for; no message is acknowledged late, so nothing is delivered again for exceeding it.
_VISIBILITY_TIMEOUT = 24 * 3600


def celery_options(settings: Settings) -> dict[str, object]:
    """Settings that whoever sends and whoever receives a message must share."""
    transport = {**connection_options(settings), "visibility_timeout": _VISIBILITY_TIMEOUT}
    return {
        "broker_url": celery_broker_url(settings),
        "broker_transport_options": transport,
        "result_backend_transport_options": transport,
        "visibility_timeout": _VISIBILITY_TIMEOUT,
        "broker_connection_retry_on_startup": True,
        # For ever: by default a worker gives up after a hundred times, and is gone when the broker is back.
        "broker_connection_max_retries": None,
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
    }


TRAIN_QUEUE = "train"
GPU_QUEUE = "train.gpu"
TRAIN_QUEUES = (TRAIN_QUEUE, GPU_QUEUE)
INSPECT_QUEUE = "inspect"
TRAIN_TASK = "worker.train"
INSPECT_TASK = "worker.inspect"
COMPUTE_TASK = "worker.compute"
WORKER_SECONDS = 10


def train_queue(accelerator: Literal["any", "gpu"]) -> str:
    """The queue of the workers that can run a job which asks for this."""
    return GPU_QUEUE if accelerator == "gpu" else TRAIN_QUEUE


def worker_key(queue: str) -> str:
    """A sorted set of the workers of a queue by the time they were last seen alive."""
    return f"cnnservice:workers:{queue}"
