"""Asking what may not answer, without waiting for it for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Look(Generic[T]):
    """One question, asked again and again. One that hangs is not asked a second time beside it."""

    def __init__(self, ask: Callable[[], Awaitable[T]]) -> None:
        self._ask = ask
        self._asking: asyncio.Future[T] | None = None

    async def within(self, seconds: float) -> T | None:
        """The answer; None when there is none within so long, or it is an error."""
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._ask())
        asking = self._asking
        await asyncio.wait([asking], timeout=seconds)
        if not asking.done():
            return None
        self._asking = None
        return None if asking.exception() else asking.result()
