"""Many clients at once into the register, told apart by their phones."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import String, Subquery, func, literal, or_, select, true
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.batches import batch
from mailing_app.clients.columns import COLUMNS
from mailing_app.clients.register import wait_no_more
from mailing_app.db import Moment, changed, insert, many_may_write
from mailing_app.models import Client

ROWS_A_CHUNK = 500
"""About 12 ms of write lock on SQLite."""

Row = Mapping[str, Any]


class Stored(NamedTuple):
    """What became of rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


def store(session: Session, rows: Sequence[Row], given: Collection[str]) -> Stored:
    """Insert who is new and update who differs, inside the caller's transaction; nobody opted out comes back by it.

    Only the columns in `given` touch who is known. Of a phone that comes twice the last word counts. Who moves to
    another zone waits no more for the hours of the old one.
    """
    if not rows:
        return Stored()
    kept = [name for name in COLUMNS[1:] if name in given]
    last, again = _last_words(rows, kept)
    new = _batch(last)
    moved = list(session.scalars(_moving(new))) if "timezone" in kept else []
    created, touched = _put(session, _upsert(new, kept))
    if moved:
        wait_no_more(session, moved)
    updated = touched - created + again
    return Stored(created, updated, len(rows) - created - updated)


def insert_new(session: Session, rows: Sequence[Row]) -> set[str]:
    """Insert those of the rows whose phones nobody has, inside the caller's transaction; these phones."""
    return set(session.scalars(_upsert(_batch(rows), ()).returning(Client.phone)))


def _put(session: Session, upsert: Any) -> tuple[int, int]:
    """How many it created, and how many it touched at all."""
    if many_may_write():
        # By the connection: a session would take each row for a part of an object.
        versions = session.connection().execute(upsert.returning(Client.version)).scalars().all()
        return versions.count(1), len(versions)
    # SQLite lets go of the interpreter at every row that is asked for, and somebody else may take it each time. Nobody
    # else adds clients meanwhile, and a new one's id is higher than any before.
    highest = session.scalar(select(func.max(Client.id))) or 0
    touched = changed(session, upsert)
    created = session.scalar(select(func.count()).select_from(Client).where(Client.id > highest)) or 0
    return created, touched


def _batch(rows: Sequence[Row]) -> Subquery:
    return batch(rows, **{name: String() for name in COLUMNS})


def _last_words(rows: Sequence[Row], kept: Sequence[str]) -> tuple[list[Row], int]:
    """The last row of each phone, and how many of them took back something that an earlier one had said."""
    last: dict[str, Row] = {}
    again = 0
    for row in rows:
        before = last.get(row["phone"])
        again += before is not None and any(before[name] != row[name] for name in kept)
        last[row["phone"]] = row
    return list(last.values()), again


def _moving(new: Any) -> Any:
    return select(Client.id).join(new, Client.phone == new.c.phone).where(Client.timezone != new.c.timezone)


def _upsert(new: Any, kept: Sequence[str]) -> Any:
    """What it touches can be returned: the version of a new one is 1."""
    now = clock.now()
    picked = select(*(new.c[name] for name in COLUMNS), literal(1), literal(now, Moment()), literal(now, Moment()))
    # SQLite takes ON CONFLICT for a join condition unless the SELECT before it has a WHERE.
    statement = insert(Client).from_select([*COLUMNS, "version", "created_at", "updated_at"], picked.where(true()))
    if not kept:
        return statement.on_conflict_do_nothing(index_elements=["phone"])
    excluded = statement.excluded
    return statement.on_conflict_do_update(
        index_elements=["phone"],
        set_={name: excluded[name] for name in kept}
        | {"updated_at": excluded.updated_at, "version": Client.version + 1},
        where=or_(*(getattr(Client, name) != excluded[name] for name in kept)),
    )
