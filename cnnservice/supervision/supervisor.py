"""Runs a set of processes until it is told to stop, then stops them in order."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence

from cnnservice.supervision.child import Child, ChildSpec

# A train worker gives its job back at its next batch; the whole stack is to be gone within 30 s, and what the others
# stand on comes after them.
GRACE_SECONDS = 20.0
_FOUNDATION_GRACE_SECONDS = 5.0


class Supervisor:
    """Foundations are started one after the other, each awaited until ready, and stopped last; the rest together."""

    def __init__(
        self,
        foundations: Sequence[tuple[ChildSpec, Callable[[], Awaitable[None]]]],
        children: Sequence[ChildSpec],
        say: Callable[[str], None],
        *,
        prepare: Callable[[], None] = lambda: None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        """prepare runs when the foundations are ready and before the children start."""
        self._foundations = [(Child(spec, say), ready) for spec, ready in foundations]
        self._children = [Child(spec, say) for spec in children]
        self._say, self._prepare, self._grace = say, prepare, grace_seconds
        self._stop = asyncio.Event()
        self._interrupts = 0

    async def run(self, work: Callable[[], Awaitable[int | None]] | None = None) -> int:
        """Run until SIGINT, SIGTERM or SIGHUP, or until work returns an exit code, which is returned; else 0."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # nohup ignores SIGHUP, and means it.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                loop.add_signal_handler(number, self._interrupt)
        code: int | None = 0
        try:
            for child, ready in self._foundations:
                await child.start()
                await self._unless_stopped(ready())
            if not self._stop.is_set():
                self._prepare()
                for child in self._children:
                    await child.start()
                if work is not None:
                    code = await self._unless_stopped(work())
                if work is None or code is None:
                    await self._stop.wait()
        finally:
            await self._stop_all()
        return code or 0

    def _interrupt(self) -> None:
        self._interrupts += 1
        self._stop.set()
        if self._interrupts > 1:
            for child in [*self._children, *(child for child, _ in self._foundations)]:
                child.kill()

    async def _unless_stopped(self, work: Awaitable[int | None]) -> int | None:
        task, stop = asyncio.ensure_future(work), asyncio.ensure_future(self._stop.wait())
        await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        if task.done():
            return task.result()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return None

    async def _stop_all(self) -> None:
        self._say("stopping; a training under way keeps its finished epochs and goes on at the next start")
        await asyncio.gather(*(child.stop(self._grace) for child in self._children))
        for child, _ in reversed(self._foundations):
            await child.stop(min(self._grace, _FOUNDATION_GRACE_SECONDS))
