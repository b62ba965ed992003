"""Commands of who looks after a service: `backup`, `restore` and `gc`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from obstore.store import ObjectStore
from sqlalchemy.exc import SQLAlchemyError

from cnnservice.cli.saying import say, settings_or_exit
from cnnservice.database.engine import Database
from cnnservice.keeping.archive import BackupError, Manifest
from cnnservice.settings import Settings
from cnnservice.store import StoreUnavailable, open_store

app = typer.Typer()
# A whole table is read, or rewritten by a migration.
_STATEMENT_SECONDS = 600.0


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(metavar="FOLDER_OR_FILE", help="in a folder, it is named by the time")],
) -> None:
    """Write database and store into one file, also while the service runs."""
    from cnnservice.keeping.backup import back_up

    with _database_and_store(settings_or_exit()) as (database, store):
        made = back_up(database, store, target, now=time.time())
    say(f"{made.path}: {_summary(made.manifest)}")
    if made.manifest.damaged:
        for path in made.manifest.damaged:
            say(f"{path} is damaged or gone, and not in the backup", style="red")
        raise typer.Exit(1)


@app.command()
def restore(source: Annotated[Path, typer.Argument(metavar="FILE", help="what `backup` has written")]) -> None:
    """Bring a backup into an empty database and store, of the same kind or another."""
    from cnnservice.keeping.restore import restore as bring_back

    with _database_and_store(settings_or_exit()) as (database, store):
        manifest = bring_back(database, store, source)
    say(f"restored: {_summary(manifest)}")


@app.command()
def gc(dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would be deleted")] = False) -> None:
    """Delete files that nothing in the database names, also while the service runs, which does it now and then."""
    from cnnservice.keeping.garbage import collect_garbage
    from cnnservice.keeping.leftovers import clear_leftovers
    from cnnservice.weights import CheckpointStore

    settings = settings_or_exit()
    with _database_and_store(settings) as (database, store):
        garbage = collect_garbage(database, CheckpointStore(store), delete=not dry_run)
        left = clear_leftovers(database, store, settings.datasets_path, now=time.time(), delete=not dry_run)
    for name in [*(file.path for file in garbage), *map(str, left)]:
        say(name)
    size = sum(file.size for file in garbage)
    what = f"{len(garbage)} files of {size / 1e6:.1f} MB, and {len(left)} that were left over"
    say(f"would delete {what}" if dry_run else f"deleted {what}")


def _summary(manifest: Manifest) -> str:
    rows = manifest.rows
    return f"{rows['jobs']} jobs, {rows['epochs']} epochs, {manifest.files} files of {manifest.bytes / 1e6:.1f} MB"


@contextmanager
def _database_and_store(settings: Settings) -> Iterator[tuple[Database, ObjectStore]]:
    """Those that the settings name; where something is wrong with them, the end of the command."""
    database = Database(settings.resolved_database_url, timeout_seconds=_STATEMENT_SECONDS)
    try:
        yield database, open_store(settings.resolved_store_url)
    except (BackupError, StoreUnavailable, OSError) as error:
        say(str(error), style="red")
        raise typer.Exit(1) from None
    except SQLAlchemyError as error:
        say(f"The database does not do what it is asked: {error}", style="red")
        raise typer.Exit(1) from None
    finally:
        database.close()
