"""A task ends, also when it loses its first cancellation."""

from __future__ import annotations

import asyncio

import pytest

from api.ending import end


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_a_task_that_loses_cancellations_ends(lost: int) -> None:
    remaining = lost

    async def deaf() -> None:
        nonlocal remaining
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if remaining == 0:
                    raise
                remaining -= 1

    async def start_and_end() -> bool:
        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        await asyncio.wait_for(end(task), 60)
        return task.cancelled()

    assert asyncio.run(start_and_end())
    assert remaining == 0
