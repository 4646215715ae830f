"""The statements of a request, and how the database goes about each of them."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.engine import Connection

from mailing_app.db import db

LARGE = ("message", "attempt")
"""The tables that have a row for each message, or more."""


class Planned(NamedTuple):
    """A statement and its plan; `scans` says whether a large table is gone through without an index's help."""

    statement: str
    plan: str
    scans: bool


def planned(work: Callable[[], Any], small: bool = False) -> list[Planned]:
    """Do it, and explain each SELECT that it took, once.

    In a `small` database PostgreSQL would rather go through a table than look into an index: it is kept from it.
    """
    seen: dict[str, Any] = {}

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if re.match(r"\s*(SELECT|WITH)\b", statement):
            seen.setdefault(statement, parameters)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            return [_by_sqlite(connection, *each) for each in seen.items()]
        if small:
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [_by_postgresql(connection, *each) for each in seen.items()]


def _by_sqlite(connection: Connection, statement: str, parameters: Any) -> Planned:
    steps = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    plan = "\n".join(step.detail for step in steps)
    return Planned(statement, plan, bool(re.search(rf"\bSCAN ({'|'.join(LARGE)})(_\d+)?\b", plan)))


def _by_postgresql(connection: Connection, statement: str, parameters: Any) -> Planned:
    told = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    [whole] = told if isinstance(told, list) else json.loads(told)
    nodes = list(_nodes(whole["Plan"]))
    plan = "\n".join(f"{'  ' * depth}{_shown(node)}" for depth, node in nodes)
    return Planned(statement, plan, any(_scans(node) for _, node in nodes))


def _nodes(node: dict[str, Any], depth: int = 0) -> Iterator[tuple[int, dict[str, Any]]]:
    yield depth, node
    for below in node.get("Plans", ()):
        yield from _nodes(below, depth + 1)


def _shown(node: dict[str, Any]) -> str:
    place = " on " + node["Relation Name"] if "Relation Name" in node else ""
    index = " using " + node["Index Name"] if "Index Name" in node else ""
    condition = node.get("Index Cond") or node.get("Filter") or ""
    return f"{node['Node Type']}{index}{place} {condition}".rstrip()


def _scans(node: dict[str, Any]) -> bool:
    return node.get("Relation Name") in LARGE and not node.get("Index Cond") and not node.get("Recheck Cond")
