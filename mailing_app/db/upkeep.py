"""What a database needs from time to time, and how much room it takes."""

import os
from contextlib import closing

from sqlalchemy import func, select

from mailing_app.db.session import db


def tidy() -> None:
    """Have the database look anew at how its rows lie, after many were removed: what plans rest on, not what is there.

    SQLite bounds the work itself (its manual, PRAGMA optimize); on PostgreSQL the tables that are thinned are few.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA optimize")
        else:
            connection.exec_driver_sql("ANALYZE traffic, meter, message, attempt")


def empty_the_log() -> None:
    """Move SQLite's write-ahead log into the file and empty it, so that nothing erased is left in it.

    At first without a lock, so that the rest holds up writers for a moment only; while somebody reads it is left for
    another time. PostgreSQL sees to its own.
    """
    if db.engine.dialect.name == "sqlite":
        with closing(db.engine.raw_connection()) as pooled, closing(pooled.cursor()) as file:
            for pragma in ("busy_timeout=0", "wal_checkpoint(PASSIVE)", "wal_checkpoint(TRUNCATE)"):
                file.execute(f"PRAGMA {pragma}")
                file.fetchall()


def size() -> int:
    """The bytes of the database; on SQLite with its write-ahead log."""
    if db.engine.dialect.name == "sqlite":
        files = [f"{db.engine.url.database}{suffix}" for suffix in ("", "-wal")]
        return sum(os.path.getsize(file) for file in files if os.path.exists(file))
    return int(db.session.scalar(select(func.pg_database_size(func.current_database()))) or 0)
