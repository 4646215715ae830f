"""The database: session, naming, moments, transactions, and ALL that differs between SQLite and PostgreSQL."""

from mailing_app.db.connections import PATIENCE, init_app, libpq
from mailing_app.db.faults import RETRY_AFTER, absence
from mailing_app.db.moments import Moment, stored
from mailing_app.db.session import Base, db
from mailing_app.db.statements import changed, count_by, in_order, insert, run, shared_now
from mailing_app.db.transactions import (
    after_commit,
    look_again,
    look_once,
    many_may_write,
    one_at_a_time,
    snapshot,
    transaction,
)
from mailing_app.db.upkeep import empty_the_log, size, tidy

__all__ = [
    "PATIENCE",
    "RETRY_AFTER",
    "Base",
    "Moment",
    "absence",
    "after_commit",
    "changed",
    "count_by",
    "db",
    "empty_the_log",
    "in_order",
    "init_app",
    "insert",
    "libpq",
    "look_again",
    "look_once",
    "many_may_write",
    "one_at_a_time",
    "run",
    "shared_now",
    "size",
    "snapshot",
    "stored",
    "tidy",
    "transaction",
]
