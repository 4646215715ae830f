"""Whose fault it is that the database does not answer, and when to ask again."""

import sqlite3

import psycopg
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

READ_ONLY = "25006"
"""What PostgreSQL calls read_only_sql_transaction (its manual, appendix A)."""

RETRY_AFTER = 5
"""Seconds after which it makes sense to ask again for a database that was not to be had."""


def absence(fault: BaseException) -> str:
    """Why the database is not to be had, in its own words on one line; empty when the fault is another one.

    A lock that is not given and a disk that is full count too: in each case others are at fault, nothing is
    wrong with what was asked, and the same will work later.
    """
    said = getattr(fault, "orig", None) or fault
    away = isinstance(fault, OperationalError | InterfaceError | PoolExhausted | psycopg.OperationalError)
    # Read-only is what a server becomes whose disk is full, or which gave its place to another.
    away = away or getattr(said, "sqlstate", None) == READ_ONLY or getattr(fault, "connection_invalidated", False)
    # SQLite calls it operational too when it cannot make sense of a statement.
    nonsense = getattr(said, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR
    return " ".join(str(said).split()) if away and not nonsense else ""
