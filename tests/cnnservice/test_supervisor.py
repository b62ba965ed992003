"""The supervisor, on real processes: what dies comes back, what is stopped is gone, the broker goes last."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from cnnservice.broker import connect
from cnnservice.settings import Settings
from cnnservice.supervision import stack
from cnnservice.supervision.child import ChildSpec
from cnnservice.supervision.stack import CannotStart, broker_answers, child_environment, only_one, valkey
from cnnservice.supervision.supervisor import Supervisor
from live import free_port, wait_until

# Each writes its process id to the journal first. `note` appends a line, whole.
PRELUDE = """
import os, signal, subprocess, sys
journal, name = sys.argv[1:]
def note(text):
    with open(journal, "a") as file:
        file.write(f"{name} {text}\\n")
def on_sigterm(act):
    signal.signal(signal.SIGTERM, lambda *_: act())
def stop():
    note("stopped")
    sys.exit(0)
def stay():
    while True:
        signal.pause()
"""
OBEDIENT = "on_sigterm(stop); note(f'pid {os.getpid()}'); stay()"
DYING = "note(f'pid {os.getpid()}'); sys.exit(3)"
STUBBORN = "on_sigterm(lambda: note('refused')); note(f'pid {os.getpid()}'); stay()"
PARENT = """
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.signal(15, signal.SIG_IGN); signal.pause()"])
note(f"pid {child.pid}"); note(f"pid {os.getpid()}"); stay()
"""
# Told to stop, it waits for its twin to be told the same: neither end of a pipe opens without the other.
TWIN = """
def stop_with_twin():
    note("told")
    open(f"{journal}.pipe", "r" if name == "one" else "w").close()
    stop()
on_sigterm(stop_with_twin); note(f"pid {os.getpid()}"); stay()
"""
# A supervisor in a process of its own, which can be sent signals.
SUPERVISOR = """
import asyncio, json, sys
from pathlib import Path
from cnnservice.supervision.child import ChildSpec
from cnnservice.supervision.supervisor import Supervisor
specs = [ChildSpec(name, command, Path(log)) for name, command, log in json.loads(sys.argv[1])]
sys.exit(asyncio.run(Supervisor([], specs, print, grace_seconds=300).run()))
"""


class Journal:
    """Children and the file they write to."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "journal"
        self.path.touch()
        self.said: list[str] = []

    @property
    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()

    def pids(self, name: str | None = None) -> list[int]:
        """Every process that wrote its id, in order."""
        words = [line.split() for line in self.lines]
        return [int(word[2]) for word in words if word[1] == "pid" and name in (None, word[0])]

    def spec(self, name: str, code: str) -> ChildSpec:
        command = [sys.executable, "-c", PRELUDE + code, str(self.path), name]
        return ChildSpec(name, command, self.folder / f"{name}.log")

    def run(self, children: list[ChildSpec], work: Callable[[], object], **options: Any) -> int:
        """A supervisor's exit code; work runs beside it in a thread, and its end stops it."""

        async def in_thread() -> int:
            await asyncio.to_thread(work)
            return 0

        foundations = options.pop("foundations", [])
        return asyncio.run(Supervisor(foundations, children, self.said.append, **options).run(in_thread))

    def await_line(self, line: str, count: int = 1) -> None:
        wait_until(lambda: self.lines.count(line) >= count, f"{count} lines {line!r} in the journal", 60)

    def await_pids(self, count: int, name: str | None = None) -> list[int]:
        return wait_until(
            lambda: found if len(found := self.pids(name)) >= count else None, f"{count} processes of {name}", 60
        )


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path)
    yield journal
    for pid in filter(lives, journal.pids()):  # only what a failed test left
        os.kill(pid, signal.SIGKILL)


def lives(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits to be reaped does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return sys.platform != "linux"


def await_gone(pids: list[int]) -> None:
    wait_until(lambda: not any(map(lives, pids)), f"the end of {pids}", 60)


def test_a_child_that_dies_is_restarted_after_growing_pauses(journal: Journal) -> None:
    child = journal.spec("dying", DYING)

    assert journal.run([child], lambda: journal.await_pids(3)) == 0

    assert len(set(journal.pids())) >= 3
    first, second, *_ = [line for line in journal.said if "died" in line]
    assert first == f"dying died (exit code 3); restarting in 0.5 s. Its log: {child.log}"
    assert second == f"dying died (exit code 3); restarting in 1 s. Its log: {child.log}"
    assert journal.said[0] == f"dying started (process {journal.pids()[0]})"
    assert f"dying restarted (process {journal.pids()[1]})" in journal.said
    assert not any(map(lives, journal.pids()))


def test_what_a_killed_child_had_started_does_not_live_beside_its_successor(journal: Journal) -> None:
    def kill_it() -> None:
        grandchild, child = journal.await_pids(2)
        os.kill(child, signal.SIGKILL)
        journal.await_pids(4)
        await_gone([grandchild])

    journal.run([journal.spec("parent", PARENT)], kill_it, grace_seconds=0.1)

    assert any("parent died (SIGKILL)" in line for line in journal.said), journal.said
    await_gone(journal.pids())


def test_a_child_that_cannot_be_started_again_is_tried_until_it_can(journal: Journal, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.symlink_to(sys.executable)
    spec = journal.spec("moved", OBEDIENT)
    spec = ChildSpec(spec.name, [str(program), *spec.command[1:]], spec.log)

    def take_it_away() -> None:
        (pid,) = journal.await_pids(1)
        program.unlink()
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: any("could not be started" in line for line in journal.said), "a failed restart", 60)
        program.symlink_to(sys.executable)
        journal.await_pids(2)

    assert journal.run([spec], take_it_away) == 0
    assert journal.lines[-1] == "moved stopped"


def test_children_are_stopped_together_and_foundations_after_them(journal: Journal) -> None:
    async def ready() -> None:
        await asyncio.to_thread(journal.await_pids, 1, "foundation")

    os.mkfifo(f"{journal.path}.pipe")
    children = [journal.spec("one", TWIN), journal.spec("two", TWIN)]
    foundations = [(journal.spec("foundation", OBEDIENT), ready)]

    assert journal.run(children, lambda: journal.await_pids(3), foundations=foundations) == 0

    assert journal.lines[0].startswith("foundation pid"), "children started before what they stand on"
    assert sorted(journal.lines[3:5]) == ["one told", "two told"]
    assert sorted(journal.lines[5:7]) == ["one stopped", "two stopped"]
    assert journal.lines[7:] == ["foundation stopped"]
    assert not any("killed" in line for line in journal.said), journal.said
    assert not any(map(lives, journal.pids()))


def test_a_stubborn_child_is_killed_with_all_it_started(journal: Journal) -> None:
    children = [journal.spec("stubborn", STUBBORN), journal.spec("parent", PARENT)]

    assert journal.run(children, lambda: journal.await_pids(3), grace_seconds=0.5) == 0

    assert "stubborn refused" in journal.lines
    assert "stubborn did not stop within 0.5 s and is killed" in journal.said
    await_gone(journal.pids())


def test_nothing_starts_on_a_foundation_that_fails_to_be_prepared(journal: Journal) -> None:
    async def ready() -> None:
        await asyncio.to_thread(journal.await_pids, 1, "foundation")

    def prepare() -> None:
        raise CannotStart("no database")

    foundations = [(journal.spec("foundation", OBEDIENT), ready)]
    with pytest.raises(CannotStart, match="no database"):
        journal.run([journal.spec("child", OBEDIENT)], lambda: None, foundations=foundations, prepare=prepare)

    assert journal.pids("child") == []
    assert journal.lines[-1] == "foundation stopped"


def test_a_long_log_is_set_aside_at_the_start(journal: Journal) -> None:
    spec = journal.spec("child", "print('new'); " + OBEDIENT)
    with spec.log.open("wb") as log:
        log.truncate((10 << 20) + 1)

    journal.run([spec], lambda: journal.await_pids(1))

    assert spec.log.read_text() == "new\n"
    assert spec.log.with_suffix(".log.1").stat().st_size == (10 << 20) + 1


@contextlib.contextmanager
def supervisor_process(*specs: ChildSpec) -> Iterator[subprocess.Popen[bytes]]:
    listed = json.dumps([[spec.name, list(spec.command), str(spec.log)] for spec in specs])
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, listed],
        stdout=subprocess.DEVNULL,
        # Whoever runs the tests under nohup has SIGHUP ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_is_no_failure(journal: Journal, number: signal.Signals) -> None:
    with supervisor_process(journal.spec("child", OBEDIENT)) as process:
        (pid,) = journal.await_pids(1)
        assert os.getsid(pid) == pid, "a terminal's Ctrl-C would reach the child"
        process.send_signal(number)
        assert process.wait(60) == 0
    assert journal.lines[-1] == "child stopped"
    assert not lives(pid)


def test_a_second_interrupt_kills_at_once(journal: Journal) -> None:
    with supervisor_process(journal.spec("child", STUBBORN)) as process:
        (pid,) = journal.await_pids(1)
        process.send_signal(signal.SIGINT)
        journal.await_line("child refused")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, "it waited for the grace of 300 s"
    assert not lives(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_children_of_a_killed_supervisor_stop(journal: Journal) -> None:
    with supervisor_process(journal.spec("child", OBEDIENT)) as process:
        pids = journal.await_pids(1)
        process.kill()
        journal.await_line("child stopped")
        await_gone(pids)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_embedded_valkey_is_private_and_comes_back_with_what_it_held(journal: Journal, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "däta dir", redis_url=None)

    def use_it() -> None:
        with connect(settings) as client:
            assert mode(settings.socket_path) == 0o700
            assert mode(settings.socket_path.parent) == 0o700
            assert list(client.config_get("port").values()) in (["0"], [b"0"])
            client.set("kept", "value")
            pids.append(client.info("server")["process_id"])
        os.kill(pids[0], signal.SIGKILL)

        def successor() -> int | None:
            with connect(settings) as client, contextlib.suppress(redis.RedisError):
                pid: int = client.info("server")["process_id"]
                return pid if pid != pids[0] and client.get("kept") == b"value" else None
            return None

        pids.append(wait_until(successor, "Valkey to return with its data", 60))

    pids: list[int] = []
    foundations = [(valkey(settings, tmp_path / "valkey.log"), ready_to_use(settings))]
    assert journal.run([], use_it, foundations=foundations) == 0

    assert any("valkey died (SIGKILL)" in line for line in journal.said), journal.said
    assert not any(map(lives, pids))
    assert not settings.socket_path.exists()


def ready_to_use(settings: Settings) -> Callable[[], Awaitable[None]]:
    return lambda: broker_answers(settings)


def test_a_valkey_left_by_an_earlier_start_is_not_started_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "_LAST_BROKER_SECONDS", 0.2)
    settings = Settings(data_dir=tmp_path / "data", port=free_port(), redis_url=None)
    left = subprocess.Popen(valkey(settings, tmp_path / "valkey.log").command, stdout=subprocess.DEVNULL)
    try:
        asyncio.run(asyncio.wait_for(broker_answers(settings), 60))
        with pytest.raises(CannotStart, match=str(settings.socket_path)), only_one(settings):
            pass
    finally:
        left.terminate()
        left.wait(60)
    with only_one(settings):
        pass


def test_children_see_the_settings_that_the_supervisor_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(data_dir=Path("relative"), port=1234, lease_seconds=2.5, database_url="sqlite:///x.db")
    code = "from cnnservice.settings import Settings; print(Settings().model_dump_json())"
    environment = {**child_environment(settings), "PYTHONPATH": os.pathsep.join(sys.path)}

    printed = subprocess.check_output([sys.executable, "-c", code], env=environment, cwd="/")

    seen = Settings.model_validate_json(printed)
    assert seen == settings.model_copy(update={"data_dir": tmp_path / "relative"})
    assert seen.socket_path == settings.socket_path


def refused_up(data_dir: Path, port: int) -> str:
    """What `cnnservice up` says when it does not start."""
    environment = {**os.environ, "CNNSERVICE_DATA_DIR": str(data_dir), "CNNSERVICE_PORT": str(port)}
    command = [sys.executable, "-m", "cnnservice", "up"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1, ended
    assert ended.stderr == ""
    assert not (data_dir / "logs").exists(), "something was started"
    return ended.stdout


def test_a_second_up_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", port=free_port())
    with only_one(settings):
        message = refused_up(settings.data_path, free_port())
    assert f"runs already on {settings.data_path} (process {os.getpid()})" in message
    assert "CNNSERVICE_DATA_DIR" in message


def test_a_taken_address_is_named_with_the_way_out(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = refused_up(tmp_path / "data", port)
    assert f"127.0.0.1:{port} (Address already in use)" in message
    assert "CNNSERVICE_PORT" in message


@pytest.mark.parametrize(
    ("name", "value"), [("CNNSERVICE_PORT", "many"), ("CNNSERVICE_PORT", "0"), ("CNNSERVICE_MAX_EPOCHS", "0")]
)
def test_a_setting_that_cannot_be_is_named_without_a_traceback(name: str, value: str) -> None:
    command = [sys.executable, "-m", "cnnservice", "up"]
    refused = subprocess.run(command, env={**os.environ, name: value}, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert refused.stdout.startswith(f"{name} is '{value}': Input should be")
    assert "Traceback" not in refused.stdout + refused.stderr
