"""Lines of CSV that the database itself puts together: to bring a row into Python takes longer than to find it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import Column, Select, String, and_, bindparam, case, cast, func, literal, or_, select, type_coerce
from sqlalchemy.engine import Connection

from mailing_app import spreadsheet
from mailing_app.db import Moment

KEYS_A_PIECE = 2_000
"""About 300 KiB, and ten milliseconds in which the interpreter is free for others."""


class Grain(StrEnum):
    """What has a line of its own."""

    MESSAGES = "messages"
    ATTEMPTS = "attempts"


class Free(NamedTuple):
    """A cell of text that people or strangers wrote: it is looked at, so that no spreadsheet runs it."""

    column: Any


class Usually(NamedTuple):
    """A cell of a moment that is nearly always the one that a text tells: of all cells moments take longest."""

    column: Any
    moment: Any
    text: Any


class Shared(NamedTuple):
    """A cell of a moment that rows beside each other mostly share: it is made a text once for a span."""

    column: Any


@dataclass(frozen=True)
class Lines:
    """What to write: `cells` of the rows of `source`, a SELECT that as yet names no columns.

    They come in the order of `key`, a whole number above zero along which an index goes, then of `within`. `keys`
    selects all keys, whatever the source leaves out.
    """

    cells: Sequence[Any]
    source: Select[Any]
    key: Any
    keys: Select[Any]
    within: Sequence[Any] = ()


class Writer:
    """Writes lines by RFC 4180, moments as ISO 8601 in UTC to the millisecond.

    Its statements are built once, whatever parameters of theirs differ from file to file: to build one takes as long as
    to write a thousand lines.
    """

    def __init__(self, connection: Connection, lines: Lines, delimiter: str) -> None:
        self._connection = connection
        self._end = _end(lines)
        self._piece = _piece(lines, _SPELLINGS[connection.dialect.name](delimiter, lines.key.expression.table))

    def pieces(self, **given: Any) -> Iterator[str]:
        """The lines piece by piece, `given` the parameters of the source.

        A piece is of so many keys, not of so many lines: no statement is long at work, however few lines match.
        """
        reached = 0
        while upto := self._connection.scalar(self._end, given | {"after": reached}):
            if found := self._connection.scalar(self._piece, given | {"after": reached, "upto": upto}):
                yield found + _END
            reached = upto


def _piece(lines: Lines, spelling: "_Sqlite") -> Any:
    """A SELECT of the lines of a span of keys, as one text without its last end."""
    behind = _behind(lines)
    line = spelling.line([spelling.told(_known(cell, behind, spelling)) for cell in lines.cells]).label("line")
    span = (lines.key > bindparam("after", type_=lines.key.type), lines.key <= bindparam("upto", type_=lines.key.type))
    these = lines.source.with_only_columns(line).where(*span).order_by(lines.key, *lines.within).subquery()
    return select(func.aggregate_strings(these.c.line, _END))


def _end(lines: Lines) -> Any:
    """A SELECT of the last key of the next span; None after the last one.

    By itself, so that PostgreSQL plans the lines for a span whose length it knows: of one whose end it has yet to find
    it takes half a percent of the table for the length, and reads millions of rows another way.
    """
    return select(func.max(_behind(lines).limit(KEYS_A_PIECE).subquery().c[0]))


def _behind(lines: Lines) -> Select[Any]:
    return lines.keys.where(lines.key > bindparam("after", type_=lines.key.type)).order_by(lines.key)


def _known(cell: Any, behind: Select[Any], spelling: "_Sqlite") -> Any:
    """The cell; a shared moment is usually the one of the first row of the span."""
    if not isinstance(cell, Shared):
        return cell
    first = behind.limit(1).correlate(None)
    moment, text = (first.with_only_columns(each).scalar_subquery()
                    for each in (cell.column, spelling.moment(cell.column)))  # fmt: skip
    return Usually(cell.column, moment, text)


class _Sqlite:
    def __init__(self, delimiter: str, walked: Any) -> None:
        self.delimiter, self._walked = delimiter, walked

    def line(self, cells: Sequence[Any]) -> Any:
        """A line of such cells, without its end."""
        parted = (part for cell in cells for part in (self.delimiter, cell))
        return reduce(lambda before, part: before + part, islice(parted, 2, None), cells[0])

    def told(self, cell: Any) -> Any:
        """A cell as text, empty for NULL."""
        if isinstance(cell, Usually):
            return case((cell.column == cell.moment, cell.text), else_=self.told(cell.column))
        if isinstance(cell, Free):
            column, text = cell.column.expression, self.free(cell.column)
        else:
            column, text = cell.expression, self.moment(cell) if isinstance(cell.type, Moment) else self.plain(cell)
        return text if self.is_there(column) else func.coalesce(text, "")

    def is_there(self, column: Any) -> bool:
        """Whether it is never NULL: a column of the table that is walked, and of no other that is joined."""
        return isinstance(column, Column) and column.table is self._walked and not column.nullable

    def plain(self, column: Any) -> Any:
        """What needs no looking at."""
        return cast(column, String)

    def moment(self, column: Any) -> Any:
        """It is kept as ISO 8601, to the microsecond."""
        return func.substr(column, 1, 23, type_=String) + "Z"

    def free(self, column: Any) -> Any:
        """A function of ours, asked only where a look at the text does not suffice."""
        suffices = and_(column.op("GLOB")(f"[{_PLAIN}]*"), column.op("NOT GLOB")(f"*[{_PARTING}]*"))
        return case((or_(suffices, column == ""), column), (column.is_not(None), func.csv_cell(column, self.delimiter)))


class _Postgresql(_Sqlite):
    def line(self, cells: Sequence[Any]) -> Any:
        return func.concat_ws(self.delimiter, *cells, type_=String)

    def plain(self, column: Any) -> Any:
        """`concat_ws` takes it as it is."""
        return column if self.is_there(column.expression) else super().plain(column)

    def moment(self, column: Any) -> Any:
        """Cut to the millisecond, as Python does it."""
        return func.to_char(func.timezone("UTC", column), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')

    def free(self, column: Any) -> Any:
        """What `spreadsheet.quoted` does, spelled in SQL: a test compares them."""
        column = type_coerce(column, String)
        apart = func.regexp_replace(column, spreadsheet.AS_A_CELL_ELSEWHERE, "'", "g", type_=String)
        is_run = column.regexp_match(spreadsheet.RUN_BY_SPREADSHEETS)
        harmless = case((is_run, literal("'")), else_=literal("")) + apart
        quoted = literal('"') + func.replace(harmless, '"', '""', type_=String) + literal('"')
        cell = case((column.regexp_match(f'[{self.delimiter}"\r\n]'), quoted), else_=harmless)
        suffices = column.regexp_match(f"^[{_PLAIN}][^{_PARTING}]*$")
        return case((or_(column == "", suffices), column), else_=cell)


_END = "\r\n"

_PLAIN, _PARTING = "0-9A-Za-zА-я", '",;\t\r\n'
"""A text that begins with one of these and holds none of those is a cell as it is."""

_SPELLINGS = {"sqlite": _Sqlite, "postgresql": _Postgresql}
