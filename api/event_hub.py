"""Wakes the open event streams of this process when their job has something new: one subscription for all."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis.asyncio

from api.ending import end
from cnnservice.events import CHANNEL_PREFIX

_log = logging.getLogger(__name__)
# How long a bell is trusted before who waits looks for himself.
_LOOK_SECONDS = 2.0


async def rung(bell: asyncio.Event, at_most: float = _LOOK_SECONDS) -> None:
    """Wait until a bell rings, but never so long that what it failed to tell is not seen."""
    with suppress(TimeoutError):
        await asyncio.wait_for(bell.wait(), min(at_most, _LOOK_SECONDS))


class EventHub:
    """Bells by job. They only say when to look; what there is to see is in the stream and the database."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client
        self._bells: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._listener: asyncio.Task[None] | None = None
        self.closing = False

    def start(self) -> None:
        """Begin to listen."""
        self._listener = asyncio.create_task(self._listen(), name="event hub")

    def close_streams(self) -> None:
        """Let every open stream end, so that the server can."""
        self.closing = True
        for bells in self._bells.values():
            for bell in bells:
                bell.set()

    async def stop(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            await end(self._listener)

    @contextmanager
    def bell(self, job_id: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever the job has something new."""
        bell = asyncio.Event()
        self._bells[job_id].add(bell)
        try:
            yield bell
        finally:
            self._bells[job_id].discard(bell)
            if not self._bells[job_id]:
                del self._bells[job_id]

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.psubscribe(f"{CHANNEL_PREFIX}*")
                    while True:
                        message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=5)
                        if message is not None:
                            job_id = message["channel"].decode().removeprefix(CHANNEL_PREFIX)
                            for bell in self._bells.get(job_id, ()):
                                bell.set()
            except redis.RedisError as error:
                _log.warning("event hub waits for the broker: %s", error)
                await asyncio.sleep(1)
