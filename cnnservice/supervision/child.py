"""One process that is kept running."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 10.0
# A process that has lived this long has started well: its next death is not part of a series.
_SETTLED_SECONDS = 30.0
_LOG_BYTES = 10 << 20
_PR_SET_PDEATHSIG = 1
# Loaded here: a child that has only just been forked must not load libraries.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True)
class ChildSpec:
    """What is run, and where its output goes."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None


class Child:
    """Starts its process, starts it again when it dies, and ends it with all that it started."""

    def __init__(self, spec: ChildSpec, say: Callable[[str], None]) -> None:
        self.spec = spec
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def start(self) -> None:
        """Start, and watch from then on."""
        await self._spawn()
        self._say(f"{self.spec.name} started (process {self.pid})")
        self._task = asyncio.create_task(self._watch(), name=self.spec.name)

    async def stop(self, grace_seconds: float) -> None:
        """SIGTERM to the process; after its end, or the grace, SIGKILL to its group. Returns when it has ended."""
        self._stopping = True
        if self._task is None or self._process is None:
            return
        if self.pid is not None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), grace_seconds)
            except TimeoutError:
                self._say(f"{self.spec.name} did not stop within {grace_seconds:g} s and is killed")
        self.kill()
        await self._process.wait()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def kill(self) -> None:
        """SIGKILL to the process and to whatever it left behind in its group."""
        self._stopping = True
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _spawn(self) -> None:
        self.spec.log.parent.mkdir(parents=True, exist_ok=True)
        if self.spec.log.exists() and self.spec.log.stat().st_size > _LOG_BYTES:
            self.spec.log.replace(self.spec.log.with_suffix(".log.1"))
        with self.spec.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=None if self.spec.environment is None else dict(self.spec.environment),
                # In a session of its own, a terminal's Ctrl-C reaches the supervisor alone.
                start_new_session=True,
                preexec_fn=None if _LIBC is None else _die_with_parent,
            )

    async def _watch(self) -> None:
        pause = _FIRST_PAUSE
        clock = asyncio.get_running_loop().time
        while True:
            assert self._process is not None
            began = clock()
            code = await self._process.wait()
            if self._stopping:
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)  # what it had started must not run beside its successor
            if clock() - began > _SETTLED_SECONDS:
                pause = _FIRST_PAUSE
            self._say(f"{self.spec.name} died ({_cause(code)}); restarting in {pause:g} s. Its log: {self.spec.log}")
            pause = await self._restart(pause)

    async def _restart(self, pause: float) -> float:
        """Start again after the pause. Returns the next one."""
        while True:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
            try:
                await self._spawn()
            except OSError as error:
                self._say(f"{self.spec.name} could not be started ({error}); trying again in {pause:g} s")
            else:
                self._say(f"{self.spec.name} restarted (process {self.pid})")
                return pause


def _cause(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _die_with_parent() -> None:
    # Should the supervisor be killed outright, its children are told to stop rather than left behind.
    assert _LIBC is not None
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
