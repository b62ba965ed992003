"""API keys on the command line, and who changed what with them. It works on the database, beside a running service."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer

from cnnservice import audit as audit_log
from cnnservice import keys
from cnnservice.cli.saying import say, settings_or_exit
from cnnservice.database.engine import OUTAGES, Database
from cnnservice.errors import DomainError
from cnnservice.keys import Scope
from cnnservice.supervision.stack import CannotStart, migrated

app = typer.Typer(no_args_is_help=True, help="API keys: from the first one on, the service wants one of everybody.")


@app.command()
def create(
    owner: Annotated[str, typer.Argument(help="whose it is; keys of one owner see the same jobs")],
    scope: Annotated[
        Scope, typer.Option(help="read: look; train: post and delete one's own as well; admin: see everybody's")
    ] = "train",
) -> None:
    """Make a key and print it: it is shown this once."""
    with _database() as database:
        key, text = keys.create(database, owner, scope, now=time.time())
        audit_log.record(database, f"keys create {key.id} {scope}", now=time.time(), owner=owner, key_id=key.id)
    # Alone on its line, and on standard output, so that a script can take it.
    typer.echo(text)


@app.command("list")
def list_() -> None:
    """All keys that were made, without their secrets."""
    with _database() as database:
        for key in keys.list_keys(database):
            state = "good" if key.revoked_at is None else f"revoked {_time(key.revoked_at)}"
            say(f"{key.id}  {key.owner:<20} {key.scope:<6} made {_time(key.created_at)}  {state}")


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="ID", help="as `keys list` shows it")]) -> None:
    """Let a key be good for nothing any more; what its owner has made stays."""
    with _database() as database:
        key = keys.revoke(database, key_id, now=time.time())
        audit_log.record(database, f"keys revoke {key.id}", now=time.time(), owner=key.owner, key_id=key.id)
    say(f"revoked {key.id} of {key.owner}")


def audit(
    limit: Annotated[int, typer.Option(min=1, help="how many of the newest entries")] = 50,
) -> None:
    """Who changed what, and who was refused, the newest first."""
    with _database() as database:
        for entry in audit_log.latest(database, limit=limit):
            who = f"{entry.owner or '-'} {entry.key_id or '-'} {entry.address or 'command line'}"
            say(f"{_time(entry.created_at)}  {who}  {entry.action}  {entry.status or ''}".rstrip())


@contextmanager
def _database() -> Iterator[Database]:
    try:
        with migrated(settings_or_exit()) as database:
            yield database
    except (CannotStart, *OUTAGES) as error:
        say(str(error), style="red")
        raise typer.Exit(1) from None
    except DomainError as error:
        say(error.detail, style="red")
        raise typer.Exit(1) from None


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
