"""A process that hangs is ended, though no thread of Python can run in it; one that gets on is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# PyDLL calls without letting go of the interpreter: every thread of Python stands still meanwhile.
HANGS = """
import ctypes, io, sys
sys.stderr = io.StringIO()  # no file, as with Celery
from worker.watchdog import end_unless_renewed, stop_watching
{before}
ctypes.PyDLL(None).usleep({microseconds})
print("went on")
"""


def run(before: str, microseconds: int) -> subprocess.CompletedProcess[str]:
    script = HANGS.format(before=before, microseconds=microseconds)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def test_one_that_hangs_is_ended_and_tells_where() -> None:
    done = run("end_unless_renewed(0.2)", 60_000_000)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Timeout" in done.stderr
    assert "line 6 in <module>" in done.stderr


def test_one_that_renews_or_is_no_longer_watched_goes_on() -> None:
    for before in ("end_unless_renewed(0.01); end_unless_renewed(60)", "end_unless_renewed(0.2); stop_watching()"):
        done = run(before, 400_000)
        assert (done.returncode, done.stdout) == (0, "went on\n"), done.stderr


# Where there is no memory for a thread's first steps, it dies before it says that it has started, and start() waits.
STILLBORN = """
import sys, threading
from types import SimpleNamespace
from cnnservice.settings import Settings
from worker.run import Run
claim = SimpleNamespace(job_id="j", token=1, epochs_stored=1, start_epoch=0)
settings = Settings(lease_seconds=0.05, data_dir=sys.argv[1])
parts = SimpleNamespace(store=None, settings=settings)
run = Run(parts, claim)
threading.Thread._bootstrap = lambda thread: None
with run.lease():
    print("went on")
"""


def test_a_lease_whose_thread_is_never_born_ends_the_process(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STILLBORN, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    assert "Timeout" in done.stderr
    assert "in lease" in done.stderr
