"""CSV as spreadsheets read it: RFC 4180 in UTF-8 with a byte order mark, and no cell that one would run."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

_RUN_BY_SPREADSHEETS = re.compile(r"['\"\s\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
"""How a cell begins that some spreadsheet runs, or would once it has taken away what stands before the sign."""

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
    return f"'{text}" if _RUN_BY_SPREADSHEETS.match(text) else text


def as_meant(text: str) -> str:
    """The cell without the apostrophe that `harmless` gave it."""
    return text[1:] if text[:1] == "'" and _RUN_BY_SPREADSHEETS.match(text, 1) else text


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
