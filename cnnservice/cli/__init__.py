"""The command line: the service, trainings, keys, and what keeps it all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cnnservice.cli import keeping, keys
from cnnservice.cli.following import follow, urls_to_open
from cnnservice.cli.saying import console, say, settings_or_exit
from cnnservice.cli.sweeping import follow_sweep
from cnnservice.client import DEFAULT_URL, BadAddress, Client, ClientError, Job, NoAnswer, NotThisService
from cnnservice.settings import Settings
from cnnservice.supervision.stack import CannotStart, make_supervisor, migrated, only_one

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(keys.app, name="keys")
app.command()(keys.audit)
app.add_typer(keeping.app)

Url = Annotated[str, typer.Option(help="where the service listens", envvar="CNNSERVICE_URL")]
KeyText = Annotated[
    str | None, typer.Option("--key", help="an API key, where keys are needed", envvar="CNNSERVICE_KEY")
]
_READY_PAUSE_SECONDS = 0.2
T = TypeVar("T")


@app.command()
def up() -> None:
    """Start the whole service on this machine and serve until Ctrl-C."""
    settings = settings_or_exit()

    async def work() -> None:
        await _beside(_url(settings), _wait_until_ready)
        say(f"ready: {_url(settings)}  (Ctrl-C stops everything)")

    raise typer.Exit(_run(settings, work))


@app.command()
def demo(
    epochs: Annotated[int, typer.Option(help="how many epochs to train")] = 30,
    exit_at_end: Annotated[bool, typer.Option("--exit", help="stop everything when the training has ended")] = False,
) -> None:
    """Start the service, train the notebook's network on MNIST, and say what to open."""
    settings = settings_or_exit()

    def train_it(client: Client) -> Job:
        _wait_until_ready(client)
        job = client.train("mnist", epochs=epochs, tags=["demo"])
        say(f"training the notebook's network, job {job.id}")
        follow(job, console)
        return job

    async def work() -> int | None:
        url = _url(settings)
        say(f"starting: TensorFlow takes a few seconds to load; watch it learn at {url}")
        job = await _beside(url, train_it)
        if job.status != "succeeded":
            say(_failure(job), style="red")
            return 1
        say("\nOpen in a browser:")
        for title, path in urls_to_open(job.id):
            say(f"  {title:<34} {url}{path}")
        if exit_at_end:
            return 0
        say("\nServing until Ctrl-C.")
        return None

    raise typer.Exit(_run(settings, work))


@app.command()
def train(
    dataset: Annotated[str, typer.Option(help="a data set's name")] = "mnist",
    architecture: Annotated[str, typer.Option(help="a preset's name")] = "cnn",
    epochs: Annotated[int | None, typer.Option()] = None,
    batch_size: Annotated[int | None, typer.Option()] = None,
    train_samples: Annotated[int | None, typer.Option()] = None,
    test_samples: Annotated[int | None, typer.Option()] = None,
    seed: Annotated[int | None, typer.Option()] = None,
    learning_rate: Annotated[float | None, typer.Option(help="of plain SGD; --spec for other optimizers")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="may be given more than once")] = None,
    spec: Annotated[Path | None, typer.Option(help="a JSON file to post as it is, instead of the options")] = None,
    watch_it: Annotated[bool, typer.Option("--watch/--no-watch", help="follow it to its end")] = True,
    url: Url = DEFAULT_URL,
    key: KeyText = None,
) -> None:
    """Queue a training job at a running service."""
    options = {
        "dataset": dataset,
        "architecture": architecture,
        "epochs": epochs,
        "batch_size": batch_size,
        "train_samples": train_samples,
        "test_samples": test_samples,
        "seed": seed,
        "compile": None if learning_rate is None else {"optimizer": {"name": "sgd", "learning_rate": learning_rate}},
        "tags": tag,
    }
    body = _read_spec(spec) if spec else {name: value for name, value in options.items() if value is not None}

    def work(client: Client) -> int:
        job = client.post_job(body)
        say(f"job {job.id}")
        return _watch(job) if watch_it else 0

    raise typer.Exit(_ask(url, key, work))


@app.command()
def sweep(
    spec: Annotated[Path, typer.Argument(help="a JSON file to post as it is")],
    watch_it: Annotated[bool, typer.Option("--watch/--no-watch", help="follow it to its end")] = True,
    url: Url = DEFAULT_URL,
    key: KeyText = None,
) -> None:
    """Queue a sweep, many jobs that differ in some of their settings; exit code 0 when a trial succeeds."""
    body = _read_spec(spec)

    def work(client: Client) -> int:
        posted = client.post_sweep(body)
        say(f"sweep {posted.id}")
        if not watch_it:
            return 0
        follow_sweep(posted)
        return 0 if posted.status == "succeeded" else 1

    raise typer.Exit(_ask(url, key, work))


@app.command()
def watch(job: Annotated[str, typer.Argument(help="a job's id")], url: Url = DEFAULT_URL, key: KeyText = None) -> None:
    """Follow a job to its end; exit code 0 when it succeeds."""
    raise typer.Exit(_ask(url, key, lambda client: _watch(client.job(job))))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema. `up` and `demo` do it by themselves."""
    try:
        with migrated(settings_or_exit()):
            pass
    except CannotStart as error:
        say(str(error), style="red")
        raise typer.Exit(1) from None


def _watch(job: Job) -> int:
    follow(job, console)
    if job.status == "succeeded":
        return 0
    say(_failure(job), style="red")
    return 1


def _wait_until_ready(client: Client) -> None:
    """However long it takes: whether it still starts is known to who starts it."""
    while True:
        with contextlib.suppress(NoAnswer):
            if client.ready():
                return
        time.sleep(_READY_PAUSE_SECONDS)


async def _beside(url: str, talk: Callable[[Client], T]) -> T:
    """Talk to the service in a thread, while its processes are looked after here."""
    client = Client(url, os.environ.get("CNNSERVICE_KEY"))
    try:
        return await asyncio.to_thread(talk, client)
    finally:
        # A talk that nobody waits for any more ends at its next request.
        client.close()


def _run(settings: Settings, work: Any) -> int:
    try:
        with only_one(settings):
            return asyncio.run(make_supervisor(settings, say).run(work))
    except (CannotStart, ClientError) as error:
        say(str(error), style="red")
        return 1


def _ask(url: str, key: str | None, talk: Callable[[Client], int]) -> int:
    try:
        with Client(url, key) as client:
            return talk(client)
    except (BadAddress, NoAnswer, NotThisService) as error:
        say(f"{error} --url says where it is.", style="red")
        return 1
    except ClientError as error:
        say(str(error), style="red")
        return 1
    except KeyboardInterrupt:
        say("no longer watching; the job goes on")
        return 130


def _read_spec(path: Path) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        say(f"Cannot read {path}: {error}", style="red")
        raise typer.Exit(2) from None
    return body


def _failure(job: Job) -> str:
    return f"The job {job.status}." if job.error is None else f"The job {job.status}: {job.error['detail']}"


def _url(settings: Settings) -> str:
    # An address that stands for all of them is reached on this machine through its loopback.
    # Compared with, not bound to.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # nosec B104
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
