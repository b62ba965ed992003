"""Bring a database to the newest schema."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from cnnservice.database.engine import Database
from cnnservice.database.sqlite import sqlite_path

_MIGRATIONS = Path(__file__).parent / "migrations"


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
