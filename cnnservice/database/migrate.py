"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cnnservice.database.engine import Database
from cnnservice.database.sqlite import sqlite_path

_MIGRATIONS = Path(__file__).parent / "migrations"


def current(database: Database) -> str | None:
    """The revision of a database; None of one that has no schema yet."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def revisions() -> list[str]:
    """Those that this version can make, oldest first."""
    return [script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()][::-1]


def upgrade(database: Database, revision: str = "head") -> None:
    """Run the migrations that are missing; harmless where none is. An SQLite file that is not there is made."""
    if database.engine.dialect.name == "sqlite":
        path = sqlite_path(str(database.engine.url))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
