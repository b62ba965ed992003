"""How many requests are worked on at a time."""

from __future__ import annotations

import asyncio
import os

from anyio.to_thread import current_default_thread_limiter

# Threads share one interpreter: sixteen that all want it answered 329 requests a second where two answered 447.
_FEW = min(4, max(2, os.cpu_count() or 1))
_LOOK_SECONDS = 0.05
_MOST = 40


async def keep_threads_few() -> None:
    """Let few requests be worked on at once, and one more for each that waits for something else than the interpreter.

    That is one which is under way at two looks in a row: at a database or store that is slow or away. Others are not to
    wait for it. Runs until it is cancelled.
    """
    limiter = current_default_thread_limiter()
    before: set[int] = set()
    while True:
        now = set(map(id, limiter.statistics().borrowers))
        limiter.total_tokens = min(_FEW + len(now & before), _MOST)
        before = now
        await asyncio.sleep(_LOOK_SECONDS)
