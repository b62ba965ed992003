"""Alembic's entry: the connection is handed in by `cnnservice.database.migrate`."""

from __future__ import annotations

from alembic import context

from cnnservice.database.tables import Base

connection = context.config.attributes["connection"]
# Two processes that start at once take turns on PostgreSQL; SQLite's own lock does it there.
with connection.begin():
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7261542)")
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    context.run_migrations()
