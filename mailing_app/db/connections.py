"""Connections to either database, and the manners that each is taught."""

from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import InvalidatePoolError

from mailing_app import clock, spreadsheet
from mailing_app.db.session import db

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

FRESH = 1.0
"""Seconds in which a connection that worked is believed to work."""

_BACK_AT = "back_at"
"""Under which name the pool keeps when a connection was last given back."""

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


def libpq(url: str, schema: str) -> tuple[str, dict[str, Any]]:
    """Address and manners for who speaks to PostgreSQL past SQLAlchemy: names without a schema are of that one."""
    given = make_url(url)
    options = given.query.get("options", _POSTGRESQL["options"])
    address = given.set(drivername="postgresql").render_as_string(hide_password=False)
    return address, _manners(url) | {"options": f"{options} -c search_path={schema}"}


def _manners(url: str) -> dict[str, Any]:
    """How to connect; what the address says itself goes before it."""
    if url.startswith("sqlite"):
        return {"timeout": PATIENCE, "check_same_thread": False}
    given = make_url(url).query
    return {name: value for name, value in _POSTGRESQL.items() if name not in given}


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
