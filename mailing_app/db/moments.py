"""Moments as either database keeps them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Dialect, String
from sqlalchemy.types import TypeDecorator, TypeEngine


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
