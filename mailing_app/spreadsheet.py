"""CSV as spreadsheets read it: RFC 4180 in UTF-8 with a byte order mark, and no cell that one would run."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

_FORMULA = r"['\"\s\u200b\ufeff]*[=+\-@＝＋－＠]"
_RUN_BY_SPREADSHEETS = re.compile(rf"{_FORMULA}|[\t\r\n]")
"""How a cell begins that some spreadsheet runs, or would once it has taken away what stands before the sign."""

_AS_A_CELL_ELSEWHERE = re.compile(rf"(?<=[;\t])(?={_FORMULA})")
"""Where a spreadsheet of another country, which parts cells there, would see such a beginning inside one."""

_MADE_HARMLESS_ELSEWHERE = re.compile(rf"(?<=[;\t])'(?={_FORMULA})")

_LINES_A_PIECE = 500


def stream(header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",") -> Iterator[bytes]:
    """The CSV in pieces of a few hundred lines, so that a million rows take no more memory than one piece."""
    buffer = io.StringIO("\ufeff")
    buffer.seek(1)
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow([_cell(title) for title in header])
    for number, row in enumerate(rows, start=1):
        writer.writerow([_cell(value) for value in row])
        if number % _LINES_A_PIECE == 0:
            yield _emptied(buffer)
    yield _emptied(buffer)


def harmless(text: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection)."""
    text = _AS_A_CELL_ELSEWHERE.sub("'", text)
    return f"'{text}" if _RUN_BY_SPREADSHEETS.match(text) else text


def as_meant(text: str) -> str:
    """The cell without the apostrophes that `harmless` gave it."""
    text = text[1:] if text[:1] == "'" and _RUN_BY_SPREADSHEETS.match(text, 1) else text
    return _MADE_HARMLESS_ELSEWHERE.sub("", text)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return harmless(value) if isinstance(value, str) else str(value)


def _emptied(buffer: io.StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece
