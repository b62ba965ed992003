"""Ends a process that hangs: what runs in a library's code may hold on to the interpreter, so that no thread of Python
can end it.
"""

from __future__ import annotations

import faulthandler

# Of the process itself: Celery puts something into the place of sys.stderr that is no file.
_STDERR = 2


def end_unless_renewed(seconds: float) -> None:
    """End this process, telling where its threads are, unless this is called again within so many seconds."""
    faulthandler.dump_traceback_later(seconds, exit=True, file=_STDERR)


def stop_watching() -> None:
    """Let it be."""
    faulthandler.cancel_dump_traceback_later()
