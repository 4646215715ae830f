"""Statements as either database takes them."""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.db.moments import Moment
from mailing_app.db.session import db


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
