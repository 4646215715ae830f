"""Rows by the batch: one statement, one parameter, on either database."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import DateTime, String, Subquery, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

from mailing_app.db import Moment, db, insert, run, stored


def batch(rows: Sequence[Mapping[str, Any]], /, **columns: TypeEngine[Any]) -> Subquery:
    """The rows as a table to select from or join with: one statement, one parameter, on either database.

    A statement a row costs 2 to 40 times as much under the interpreter lock.
    """
    return _unfolded(bindparam(None, carried(rows, columns), type_=String), columns)


def batches(**columns: TypeEngine[Any]) -> Subquery:
    """The same for a statement that is built once, for each dialect: the rows come as its parameter `rows`.

    To build a statement costs several times as much as to run it.
    """
    return _unfolded(bindparam("rows", type_=String), columns)


def carried(rows: Sequence[Mapping[str, Any]], columns: Collection[str]) -> str:
    """Rows as a parameter. SQLite finds a value by its place in two thirds of the time that it takes by name."""
    if db.engine.dialect.name == "sqlite":
        return _ROWS.encode(list(zip(*([row[name] for row in rows] for name in columns), strict=True)))
    return _ROWS.encode(rows)


class Upsert:
    """Puts rows into a table by the batch; where one is there under its `key`, `change` says what becomes of it.

    `change` gets the row that was to be put in, and may tell a condition beside the new values: a row that does not
    fulfil it stays as it is.
    """

    def __init__(
        self, table: type[Any], key: Sequence[str], change: Callable[[Any], dict[str, Any]],
        where: Any = None, **columns: TypeEngine[Any],
    ) -> None:  # fmt: skip
        self._table, self._key, self._change, self._where, self._columns = table, key, change, where, columns
        self._built: dict[str, Any] = {}

    def put(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
        """Put them in; the keys of those that were not left as they were."""
        dialect = db.engine.dialect.name
        if dialect not in self._built:
            self._built[dialect] = self._build()
        return {tuple(row) for row in run(session, self._built[dialect], rows=carried(rows, self._columns))}

    def _build(self) -> Any:
        given, table = batches(**self._columns), self._table.__table__
        # SQLite takes ON CONFLICT for a join condition unless the SELECT before it has a WHERE.
        picked = select(*given.c).where(given.c[self._key[0]].is_not(None))
        statement = insert(table).from_select(list(self._columns), picked)
        change = self._change(statement.excluded)
        statement = statement.on_conflict_do_update(index_elements=self._key, set_=change, where=self._where)
        return statement.returning(*(table.c[name] for name in self._key))


def _unfolded(rows: Any, columns: Mapping[str, TypeEngine[Any]]) -> Subquery:
    if db.engine.dialect.name == "sqlite":
        each = func.json_each(rows).table_valued("value", name="each")
        value = each.c.value
        picked = [
            func.json_extract(value, f"$[{place}]", type_=kind).label(key)
            for place, (key, kind) in enumerate(columns.items())
        ]
        return select(*picked).select_from(each).subquery("batch")
    typed = [column(key, _plain(kind)) for key, kind in columns.items()]
    given = cast(rows, postgresql.JSON)
    each = func.json_to_recordset(given).table_valued(*typed).render_derived(name="each", with_types=True)
    return select(*[each.c[key].label(key) for key in columns]).subquery("batch")


def _carried(value: Any) -> str:
    if isinstance(value, datetime):
        return stored(value)
    raise TypeError(f"no way to carry a {type(value).__name__}")


_ROWS = json.JSONEncoder(default=_carried, check_circular=False, separators=(",", ":"))


def _plain(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    return DateTime(timezone=True) if isinstance(kind, Moment) else kind
