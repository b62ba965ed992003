"""Ask an inspect worker and wait for its answer: one sender and one reader for the whole process."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import redis.asyncio
from numpy.typing import NDArray
from opentelemetry.trace import SpanKind
from starlette.concurrency import run_in_threadpool
from uuid_utils import uuid7

from api.ending import end
from api.messenger import BrokerAway, Messenger
from cnnservice.broker import INSPECT_QUEUE, INSPECT_TASK
from cnnservice.errors import UnavailableError
from cnnservice.inspection import (
    AWAKE,
    LIFE_SECONDS,
    WAITING,
    Answer,
    InspectRequest,
    Operation,
    decode_answer,
    encode_request,
)
from cnnservice.models import Snapshot
from cnnservice.telemetry.tracing import carrier, span

_log = logging.getLogger(__name__)
# Shorter than the connection's socket_timeout.
_BLOCK_SECONDS = 5
_AT_ONCE = 64
# A worker that dies takes with it the message that was to wake it, and the requests it has taken: who has waited so
# long asks again. What an operation computes has no other effect, and a worker answers no request twice.
_ASK_AGAIN_SECONDS = 5.0
_RING_AGAIN_SECONDS = 2.0


class NoAnswer(UnavailableError):
    """The inspect worker did not answer in time."""

    code = "inspect-timeout"
    title = "No answer from the inspect worker"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"No inspect worker answered within {seconds:g} s; /readyz says whether one lives.")


@dataclass(frozen=True)
class _Asked:
    content: bytes
    answer: asyncio.Future[Answer]


class Inspector:
    """Requests under way, by id."""

    def __init__(self, client: redis.asyncio.Redis, messenger: Messenger, timeout_seconds: float) -> None:
        self._redis, self._messenger, self._timeout = client, messenger, timeout_seconds
        self._reply_to = f"cnnservice:answers:{uuid7()}"
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._to_send: list[_Asked] = []
        self._rang = float("-inf")
        self._sending = asyncio.Lock()
        self._reader: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to read answers."""
        self._reader = asyncio.create_task(self._read(), name="inspect answers")

    async def stop(self) -> None:
        """Stop reading."""
        if self._reader is not None:
            await end(self._reader)

    async def ask(
        self,
        operation: Operation,
        snapshot: Snapshot,
        images: NDArray[np.float32] | None = None,
        **arguments: Any,
    ) -> dict[str, NDArray[Any]]:
        """Arrays by name, for images (n, H, W, C) and the operation's own arguments, JSON.

        Raises EpochNotKept, NoAnswer, BrokerAway, and what the worker raised.
        """
        with span(f"ask {operation}", SpanKind.CLIENT):
            return await self._ask(operation, snapshot, images, arguments)

    async def _ask(
        self, operation: Operation, snapshot: Snapshot, images: NDArray[np.float32] | None, arguments: dict[str, Any]
    ) -> dict[str, NDArray[Any]]:
        request = InspectRequest(
            request_id=str(uuid7()),
            reply_to=self._reply_to,
            model_id=snapshot.job.id,
            epoch=snapshot.epoch,
            file=snapshot.file,
            operation=operation,
            expires_at=time.time() + self._timeout,
            arguments=arguments,
            images=images,
            asker=carrier(),
        )
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[request.request_id] = future
        try:
            answer = await self._answered(_Asked(encode_request(request), future))
        finally:
            del self._waiting[request.request_id]
        if answer.error is not None:
            raise answer.error
        return dict(answer.arrays)

    async def _send(self) -> None:
        """Send what is to be sent, by all who ask just now, at once."""
        async with self._sending:
            together, self._to_send = self._to_send, []
            if not together:
                return
            try:
                async with self._redis.pipeline(transaction=False) as pipeline:
                    pipeline.rpush(WAITING, *(asked.content for asked in together))
                    pipeline.expire(WAITING, LIFE_SECONDS)
                    pipeline.get(AWAKE)
                    *_, awake = await pipeline.execute()
                if awake is None or time.monotonic() - self._rang > _RING_AGAIN_SECONDS:
                    self._rang = time.monotonic()
                    await self._ring()
            except (redis.RedisError, BrokerAway):
                for asked in together:
                    if not asked.answer.done():
                        asked.answer.set_exception(BrokerAway())

    async def _answered(self, asked: _Asked) -> Answer:
        deadline = time.monotonic() + self._timeout
        while (remaining := deadline - time.monotonic()) > 0:
            self._to_send.append(asked)
            await self._send()
            await asyncio.wait([asked.answer], timeout=min(remaining, _ASK_AGAIN_SECONDS))
            if asked.answer.done():
                return asked.answer.result()
        raise NoAnswer(self._timeout)

    async def _ring(self) -> None:
        await run_in_threadpool(self._messenger.send, INSPECT_TASK, queue=INSPECT_QUEUE, expires=2 * _ASK_AGAIN_SECONDS)

    async def _read(self) -> None:
        while True:
            try:
                popped = await self._redis.blmpop(_BLOCK_SECONDS, 1, self._reply_to, direction="LEFT", count=_AT_ONCE)
            except redis.RedisError as error:
                _log.warning("waiting for the broker: %s", error)
                await asyncio.sleep(1)
                continue
            for content in cast("list[bytes]", popped[1] if popped else []):
                self._hand_over(content)

    def _hand_over(self, content: bytes) -> None:
        try:
            answer = decode_answer(content)
        except Exception:  # without the task that reads no answer would arrive any more
            _log.exception("an answer that cannot be read was dropped")
            return
        waiting = self._waiting.get(answer.request_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
