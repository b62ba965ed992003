"""The command line: `cnnservice up`, `demo`, `train`, `watch` and `migrate`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from cnnservice.cli.following import follow, urls_to_open
from cnnservice.cli.requests import RequestFailed, ask, connect, wait_until_ready
from cnnservice.settings import Settings
from cnnservice.supervision.stack import CannotStart, make_supervisor, only_one
from cnnservice.supervision.stack import migrate as migrate_database

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console()

Url = Annotated[str, typer.Option(help="where the service listens", envvar="CNNSERVICE_URL")]
_DEFAULT_URL = "http://127.0.0.1:8000"


@app.command()
def up() -> None:
    """Start the whole service on this machine and serve until Ctrl-C."""
    settings = _settings()

    async def work() -> None:
        await wait_until_ready(_url(settings))
        _say(f"ready: {_url(settings)}  (Ctrl-C stops everything)")

    raise typer.Exit(_run(settings, work))


@app.command()
def demo(
    epochs: Annotated[int, typer.Option(help="how many epochs to train")] = 30,
    exit_at_end: Annotated[bool, typer.Option("--exit", help="stop everything when the training has ended")] = False,
) -> None:
    """Start the service, train the notebook's network on MNIST, and say what to open."""
    settings = _settings()

    async def work() -> int | None:
        url = _url(settings)
        _say("starting: TensorFlow takes a few seconds to load")
        await wait_until_ready(url)
        async with connect(url) as client:
            job = await ask(client, "POST", "/v1/jobs", {"dataset": "mnist", "epochs": epochs, "tags": ["demo"]})
            _say(f"training the notebook's network, job {job['id']}")
            end = await follow(client, job["id"], console)
        if end["status"] != "succeeded":
            _say(_failure(end), style="red")
            return 1
        _say("\nOpen in a browser:")
        for title, path in urls_to_open(job["id"]):
            _say(f"  {title:<34} {url}{path}")
        if exit_at_end:
            return 0
        _say("\nServing until Ctrl-C.")
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
    url: Url = _DEFAULT_URL,
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

    async def work() -> int:
        async with connect(url) as client:
            job = await ask(client, "POST", "/v1/jobs", body)
            _say(f"job {job['id']}")
            return await _watch(url, job["id"]) if watch_it else 0

    raise typer.Exit(_ask(work()))


@app.command()
def watch(job: Annotated[str, typer.Argument(help="a job's id")], url: Url = _DEFAULT_URL) -> None:
    """Follow a job to its end; exit code 0 when it succeeds."""
    raise typer.Exit(_ask(_watch(url, job)))


@app.command()
def migrate() -> None:
    """Bring the database to the newest schema. `up` and `demo` do it by themselves."""
    try:
        migrate_database(_settings())
    except CannotStart as error:
        _say(str(error), style="red")
        raise typer.Exit(1) from None


def _say(text: str, style: str | None = None) -> None:
    # Stopping must not fail because nobody listens: a closed terminal is an OSError, and rich exits at a closed pipe.
    with contextlib.suppress(OSError, SystemExit):
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


async def _watch(url: str, job_id: str) -> int:
    async with connect(url) as client:
        end = await follow(client, job_id, console)
    if end["status"] == "succeeded":
        return 0
    _say(_failure(end), style="red")
    return 1


def _run(settings: Settings, work: Any) -> int:
    try:
        with only_one(settings):
            return asyncio.run(make_supervisor(settings, _say).run(work))
    except (CannotStart, RequestFailed) as error:
        _say(str(error), style="red")
        return 1


def _ask(work: Any) -> int:
    try:
        code: int = asyncio.run(work)
    except RequestFailed as error:
        _say(str(error), style="red")
        return 1
    except KeyboardInterrupt:
        _say("no longer watching; the job goes on")
        return 130
    return code


def _settings() -> Settings:
    try:
        return Settings()
    except ValidationError as error:
        for wrong in error.errors():
            name = "CNNSERVICE_" + "_".join(map(str, wrong["loc"])).upper()
            _say(f"{name} is {wrong['input']!r}: {wrong['msg']}", style="red")
        raise typer.Exit(2) from None


def _read_spec(path: Path) -> dict[str, Any]:
    try:
        body: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        _say(f"Cannot read {path}: {error}", style="red")
        raise typer.Exit(2) from None
    return body


def _failure(end: dict[str, Any]) -> str:
    error = end["error"]
    return f"The job {end['status']}." if error is None else f"The job {end['status']}: {error['detail']}"


def _url(settings: Settings) -> str:
    # An address that stands for all of them is reached on this machine through its loopback.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
