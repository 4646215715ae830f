"""How Alembic reaches the database: safely beside foreign keys on SQLite, and one process at a time."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from mailing_app.db import db

ONE_AT_A_TIME = 7291
"""Number of the advisory lock that a migrating process holds on PostgreSQL; any number nobody else uses."""

PATIENCE = 600
"""Seconds to wait for another process that migrates; longer than anyone waits for an ordinary lock."""


def migrate(connection: Connection) -> None:
    """Run the migrations in one transaction that begins as a writer, so that a second process waits its turn.

    The transaction is ours and open before Alembic looks: its own would, on SQLite, commit after every
    revision, let a second process in between, and leave what the check of the references refuses.
    """
    options = current_app.extensions["migrate"].configure_args
    with connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({ONE_AT_A_TIME})"))
        context.configure(connection=connection, target_metadata=db.metadata, **options)
        context.run_migrations()
        check_references(connection)


def check_references(connection: Connection) -> None:
    """Refuse a migration on SQLite that left a row pointing nowhere."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken:
            raise RuntimeError(f"the migration would leave a dangling reference: {broken}")


def run() -> None:
    """SQLite alters a table by copying it; with foreign keys on, dropping the old one would delete child rows."""
    with db.engine.connect().execution_options(writes=True, patience=PATIENCE) as connection:
        raw = connection.connection.dbapi_connection
        on_sqlite = connection.dialect.name == "sqlite"
        if on_sqlite:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            migrate(connection)
        finally:
            if on_sqlite:
                raw.execute("PRAGMA foreign_keys=ON")


run()
