"""Few requests are worked on at once, unless they wait for what is slow: those hold nobody up."""

from __future__ import annotations

import asyncio
import threading

from starlette.concurrency import run_in_threadpool

from api.ending import end
from api.threads import keep_threads_few

SLOW, QUICK = 12, 60


def test_quick_ones_are_few_at_once_and_pass_by_slow_ones() -> None:
    release, under_way, most = threading.Event(), 0, 0
    lock = threading.Lock()

    def quick() -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        threading.Event().wait(0.001)
        with lock:
            under_way -= 1

    async def work() -> None:
        keeper = asyncio.create_task(keep_threads_few())
        await asyncio.sleep(0)
        await asyncio.gather(*(run_in_threadpool(quick) for _ in range(QUICK)))
        assert most <= 4
        slow = [asyncio.create_task(run_in_threadpool(release.wait)) for _ in range(SLOW)]
        await asyncio.sleep(0)
        # All of the slow ones came first, and none of them ends before this does.
        await asyncio.wait_for(run_in_threadpool(quick), 60)
        release.set()
        await asyncio.gather(*slow)
        await end(keeper)

    try:
        asyncio.run(work())
    finally:
        release.set()
