"""Transactions: who writes when, and what a reader sees."""

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.db.connections import PATIENCE
from mailing_app.db.session import db

_NEXT, _WRITING = threading.Lock(), threading.Lock()
"""Who holds them is the next to write to SQLite, and does so. A lock alone would go to who comes back at once, before
the one who waited for it has woken; of two he who waits is the next here, and the other comes after him."""

_AFTERWARDS = "afterwards"
"""Under which name a session keeps what is to be done once its transaction is committed."""


@contextmanager
def transaction(
    clashes: Mapping[str, Callable[[], Exception]] | None = None, patience: float = PATIENCE
) -> Iterator[Session]:
    """One writing transaction: committed at the end, undone by any exception. Never nested.

    `clashes` turns the violation of a named constraint into the caller's own exception: the
    constraint is the judge, so nobody asks "is it taken?" first. `patience` is how many seconds to wait for
    a lock.
    """
    session = db.session()
    try:
        session.commit()  # ends the read in which the caller looked around; SQLite cannot turn it into a write
        with _in_turn(patience) as left:
            session.connection(execution_options={"writes": True, "patience": left})
            session.info[_AFTERWARDS] = []
            yield session
            session.commit()
    except IntegrityError as error:
        session.rollback()
        raise _translated(error, clashes or {}) from error
    except BaseException:
        session.rollback()
        raise
    for step in session.info.pop(_AFTERWARDS):
        step()


@contextmanager
def _in_turn(patience: float) -> Iterator[float]:
    """On SQLite the threads of a process write one after the other. It would let them wait too, but whoever waits there
    looks again ten times a second, and one who comes back at once is always sooner: an enrolment kept the pump waiting
    for seconds. What is left of the patience is given: other processes write too.
    """
    if many_may_write():
        yield patience
        return
    until = clock.monotonic() + patience
    _take(_NEXT, until)
    try:
        _take(_WRITING, until)
    finally:
        _NEXT.release()
    try:
        yield max(until - clock.monotonic(), 0)
    finally:
        _WRITING.release()


def _take(lock: threading.Lock, until: float) -> None:
    if not lock.acquire(timeout=max(until - clock.monotonic(), 0)):
        raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))


def after_commit(session: Session, step: Callable[[], Any]) -> None:
    """Do something once the transaction is committed, and not at all when it is undone."""
    session.info[_AFTERWARDS].append(step)


def many_may_write() -> bool:
    """Whether two threads can be in writing transactions at once. On SQLite one would wait for the other."""
    return db.engine.dialect.name == "postgresql"


def one_at_a_time(session: Session, what: str) -> None:
    """Until the transaction ends nobody else does this: whoever wants to waits. On SQLite a writer is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection on which all statements see one moment of the database, however long it takes: no writer waits for
    it, nor it for them. It ends the present read of the session, which would be a second such moment.
    """
    look_again()
    options: dict[str, Any] = {}
    if db.engine.dialect.name != "sqlite":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def look_again() -> None:
    """End the present read, so that the next one sees what others committed meanwhile."""
    db.session().commit()


def look_once() -> None:
    """The same, and from here to the end of that read everything is seen as it is at one moment, whatever others commit
    meanwhile: figures of several tables that shall fit each other. On SQLite each read is so."""
    look_again()
    if db.engine.dialect.name == "postgresql":
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _translated(error: IntegrityError, clashes: Mapping[str, Callable[[], Exception]]) -> Exception:
    make = clashes.get(_violated(error))
    return make() if make else error


def _violated(error: IntegrityError) -> str:
    """The name of the violated constraint; SQLite tells the columns of a unique one, not its name."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name or ""
    said = str(error.orig)
    if unique := re.match(r"UNIQUE constraint failed: (.+)", said):
        columns = [name.split(".") for name in unique[1].split(", ")]
        return "_".join(["uq", columns[0][0], *(name for _, name in columns)])
    return said.rpartition(": ")[2]
