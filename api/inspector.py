"""Ask an inspect worker and wait for its answer: one reader of answers for the whole process."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import numpy as np
import redis.asyncio
from celery import Celery
from kombu.exceptions import OperationalError
from numpy.typing import NDArray
from starlette.concurrency import run_in_threadpool
from uuid_utils import uuid7

from cnnservice.broker import INSPECT_QUEUE, INSPECT_TASK
from cnnservice.errors import UnavailableError
from cnnservice.inspection import LIFE_SECONDS, Answer, InspectRequest, Operation, decode_answer, encode_images

_log = logging.getLogger(__name__)
# Shorter than the connection's socket_timeout.
_BLOCK_SECONDS = 5


class NoAnswer(UnavailableError):
    """The inspect worker did not answer in time."""

    code = "inspect-timeout"
    title = "No answer from the inspect worker"


class Inspector:
    """Requests under way, by id."""

    def __init__(self, client: redis.asyncio.Redis, celery: Celery, timeout_seconds: float) -> None:
        self._redis, self._celery, self._timeout = client, celery, timeout_seconds
        self._reply_to = f"cnnservice:answers:{uuid7()}"
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._reader: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read answers."""
        self._reader = asyncio.create_task(self._read(), name="inspect answers")

    async def stop(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)

    async def ask(
        self,
        operation: Operation,
        *,
        model_id: str,
        epoch: int,
        images: NDArray[np.float32] | None = None,
        **arguments: str | int | float,
    ) -> dict[str, NDArray[Any]]:
        """Arrays by name, for images (n, H, W, C) and the operation's own arguments.

        Raises NoAnswer, and what the worker raised.
        """
        request_id = str(uuid7())
        images_key = None if images is None else f"cnnservice:images:{request_id}"
        request = InspectRequest(request_id, self._reply_to, model_id, epoch, operation, images_key, arguments)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        try:
            if images is not None and images_key is not None:
                await self._redis.set(images_key, encode_images(images), ex=LIFE_SECONDS)
            await run_in_threadpool(self._send, request)
            answer = await asyncio.wait_for(future, self._timeout)
        except TimeoutError:
            raise NoAnswer(
                f"No inspect worker answered within {self._timeout:g} s; /readyz says whether one lives."
            ) from None
        except (redis.RedisError, OperationalError) as error:
            raise UnavailableError("The broker does not answer now; try again.") from error
        finally:
            del self._waiting[request_id]
        if answer.error is not None:
            raise answer.error
        return dict(answer.arrays)

    def _send(self, request: InspectRequest) -> None:
        self._celery.send_task(
            INSPECT_TASK, kwargs=request.message(), queue=INSPECT_QUEUE, expires=self._timeout, ignore_result=True
        )

    async def _read(self) -> None:
        while True:
            try:
                popped = await self._redis.blpop([self._reply_to], timeout=_BLOCK_SECONDS)
            except redis.RedisError as error:
                _log.warning("waiting for the broker: %s", error)
                await asyncio.sleep(1)
                continue
            if popped is not None:
                try:
                    answer = decode_answer(cast("bytes", popped[1]))
                except Exception:  # without this task no answer would arrive any more
                    _log.exception("an answer that cannot be read was dropped")
                    continue
                waiting = self._waiting.get(answer.request_id)
                if waiting is not None and not waiting.done():
                    waiting.set_result(answer)
