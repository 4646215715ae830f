"""The database: session, naming, moments, transactions, and ALL that differs between SQLite and PostgreSQL."""

import os
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    DateTime,
    Dialect,
    MetaData,
    String,
    case,
    event,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, InvalidatePoolError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

from mailing_app import clock, spreadsheet

PATIENCE = 5
"""Seconds to wait for the database: for a lock, a connection, a sign of life of its server.

Far longer than anyone of ours holds a lock, and short because a page waits on one of eight threads and a
stopped dispatcher has 12 s to leave. Nothing is lost by giving up: a page says when to try again, and the
pump keeps what it knows and does.
"""

STANDSTILL = 10
"""Seconds after which PostgreSQL ends the writing transaction of a process that stands still in it.

Nothing waits inside a transaction, so whoever does is stopped; what it has locked would stop all others too. Less than
anyone's lease. SQLite has no server that could do it.
"""

READ_ONLY = "25006"
"""What PostgreSQL calls read_only_sql_transaction (its manual, appendix A)."""

RETRY_AFTER = 5
"""Seconds after which it makes sense to ask again for a database that was not to be had."""

FRESH = 1.0
"""Seconds in which a connection that worked is believed to work."""

_WRITING = threading.Lock()
"""Who holds it writes to SQLite."""

_BACK_AT = "back_at"
"""Under which name the pool keeps when a connection was last given back."""

_AFTERWARDS = "afterwards"
"""Under which name a session keeps what is to be done once its transaction is committed."""


class Base(DeclarativeBase):
    """Constraints get names by rule, so that migrations and error messages can point at them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class ForgivingSession(FlaskSession):
    """A session that can always be ended.

    What a broken connection had begun was undone by its server. An error about it here would turn a page
    that is finished already into a fault, and a dispatcher's second try into its end.
    """

    def rollback(self) -> None:
        with suppress(DBAPIError):
            super().rollback()

    def close(self) -> None:
        with suppress(DBAPIError):
            super().close()


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "class_": ForgivingSession})


class Moment(TypeDecorator[datetime]):
    """An aware moment in UTC, to the microsecond.

    `timestamptz` on PostgreSQL; on SQLite text that sorts as it reads and that JSON, CSV and people
    take as it stands.
    """

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without an offset is ambiguous")
        return stored(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if isinstance(value, str):
            return datetime.fromisoformat(value)
        return value.astimezone(UTC) if value else None


def stored(moment: datetime) -> str:
    """A moment as SQLite keeps it and as a JSON batch carries it to either database."""
    # Nearly all are in UTC already, and there are three of them to a message.
    there = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return f"{there.isoformat(timespec='microseconds')[:-6]}Z"


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
    began = clock.monotonic()
    if not _WRITING.acquire(timeout=patience):
        raise OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
    try:
        yield max(patience - (clock.monotonic() - began), 0)
    finally:
        _WRITING.release()


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


def after_commit(session: Session, step: Callable[[], Any]) -> None:
    """Do something once the transaction is committed, and not at all when it is undone."""
    session.info[_AFTERWARDS].append(step)


def insert(table: Any) -> Any:
    """An INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    here = sqlite if db.engine.dialect.name == "sqlite" else postgresql
    return here.insert(table)


def changed(session: Session, statement: Any) -> int:
    """Run an INSERT, UPDATE or DELETE; how many rows it touched."""
    told = session.execute(statement.execution_options(synchronize_session=False, preserve_rowcount=True))
    count: int = told.rowcount  # type: ignore[attr-defined]
    return count


def run(session: Session, statement: Any, **given: Any) -> Any:
    """Run a statement that was built once, with its parameters: to build it takes ten times as long as to run it, and
    half as long again what the session does for objects. So it sees nothing that the session has yet to write.
    """
    return session.connection().execute(statement, given)


def in_order(key: Any, *which: Any) -> Any:
    """The keys of such rows for the WHERE of an UPDATE, each locked before the next. Who locks several rows that others
    lock too does it so: nobody then waits in a circle. Who only refers to one of them does not wait.
    """
    return select(key).where(*which).order_by(key).with_for_update(key_share=True)


def count_by(flag: Any) -> Any:
    """How many rows of a group fulfil the condition."""
    return func.coalesce(func.sum(case((flag, 1), else_=0)), 0)


def shared_now(session: Session) -> datetime:
    """The present moment by the one clock that all who share the database have: on PostgreSQL the server's."""
    if session.get_bind().dialect.name == "sqlite":
        return clock.now()
    moment: datetime = session.scalars(select(func.clock_timestamp(type_=Moment()))).one()
    return moment


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


def init_app(app: Flask, url: str) -> None:
    """Bind the application to its database and teach the engine the manners of its dialect."""
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": 10,
        "max_overflow": 30,
        "pool_timeout": PATIENCE,
        "hide_parameters": True,  # they are phones and texts, and errors are logged
        "connect_args": _manners(url),
    }
    db.init_app(app)
    with app.app_context():
        if url.startswith("sqlite"):
            teach_sqlite(db.engine)
        else:
            teach_postgresql(db.engine)


def teach_sqlite(engine: Engine) -> None:
    """Write-ahead log, enforced foreign keys, and transactions that begin as what they are.

    pysqlite's own mode begins late and silently, so two writers could read the same rows; and a
    deferred transaction that turns into a writer fails at once when another one writes.
    """
    event.listen(engine, "connect", _greet_sqlite)
    event.listen(engine, "begin", _begin_sqlite)


def teach_postgresql(engine: Engine) -> None:
    """Patience, and that a connection which lay idle is asked whether it still is one: not each time, since the pump
    takes one several times a turn, and each question is a way there and back.
    """

    def ask(connection: Any, record: Any, _lent: Any) -> None:
        if clock.monotonic() - record.info.get(_BACK_AT, float("-inf")) < FRESH:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as gone:
            raise InvalidatePoolError from gone

    def note(_connection: Any, record: Any) -> None:
        record.info[_BACK_AT] = clock.monotonic()

    event.listen(engine, "begin", _begin_postgresql)
    event.listen(engine, "checkout", ask)
    event.listen(engine, "checkin", note)


def many_may_write() -> bool:
    """Whether two threads can be in writing transactions at once. On SQLite one would wait for the other."""
    return db.engine.dialect.name == "postgresql"


def one_at_a_time(session: Session, what: str) -> None:
    """Until the transaction ends nobody else does this: whoever wants to waits. On SQLite a writer is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(what))))


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


_POSTGRESQL: dict[str, Any] = {
    "connect_timeout": PATIENCE,
    # Without these it takes the system's quarter of an hour and more to notice that a server has vanished.
    "tcp_user_timeout": PATIENCE * 1000,
    "keepalives_idle": PATIENCE,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "options": f"-c lock_timeout={PATIENCE}s",
}
"""Parameters of libpq. The waits for the network mean nothing on a Unix socket."""


def _manners(url: str) -> dict[str, Any]:
    """How to connect; what the address says itself goes before it."""
    if url.startswith("sqlite"):
        return {"timeout": PATIENCE, "check_same_thread": False}
    given = make_url(url).query
    return {name: value for name, value in _POSTGRESQL.items() if name not in given}


def libpq(url: str, schema: str) -> tuple[str, dict[str, Any]]:
    """Address and manners for who speaks to PostgreSQL past SQLAlchemy: names without a schema are of that one."""
    given = make_url(url)
    options = given.query.get("options", _POSTGRESQL["options"])
    address = given.set(drivername="postgresql").render_as_string(hide_password=False)
    return address, _manners(url) | {"options": f"{options} -c search_path={schema}"}


def _greet_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows the letters of ASCII only
    connection.create_function("csv_cell", 2, spreadsheet.quoted, deterministic=True)
    # FULL: else a power cut takes commits back, an acceptance or an id that the gateway has seen among them.
    # secure_delete: else what was erased can be read in the file until something else takes its place.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _lower(text: Any) -> Any:
    return text.lower() if isinstance(text, str) else text


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    # Each time, since the one before on this connection may have been less patient.
    connection.exec_driver_sql(f"PRAGMA busy_timeout={options.get('patience', PATIENCE) * 1000:.0f}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")


def _begin_postgresql(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("patience", PATIENCE) != PATIENCE:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout={options['patience'] * 1000:.0f}")
    if options.get("writes"):
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout={STANDSTILL * 1000:.0f}")
