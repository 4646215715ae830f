"""CSV as spreadsheets read it: RFC 4180 in UTF-8 with a byte order mark, and no cell that one would run."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any


class Encoding(StrEnum):
    """In which a file can be had."""

    UTF_8 = "utf-8"
    CP1251 = "cp1251"
    """As old versions of Excel expect it in Russia. Characters that it lacks become question marks."""

    @property
    def mark(self) -> bytes:
        """What the file begins with, by which a spreadsheet knows the encoding."""
        return "\ufeff".encode() if self is Encoding.UTF_8 else b""

    @property
    def charset(self) -> str:
        """What it is called on the wire (IANA)."""
        return "windows-1251" if self is Encoding.CP1251 else "utf-8"

    def encoded(self, text: str) -> bytes:
        """The text in it; a cell that was harmless stays so, since a question mark parts and runs nothing."""
        return text.encode(self.value, "replace")


class Delimiter(StrEnum):
    """What parts the cells of a file: the semicolon where the comma is in numbers."""

    COMMA = "comma"
    SEMICOLON = "semicolon"

    @property
    def sign(self) -> str:
        """The character itself."""
        return ";" if self is Delimiter.SEMICOLON else ","


# Spelled out: what `\s` means is a matter of the locale in PostgreSQL, which has the same patterns.
_BLANK = "\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_FORMULA = rf"['\"{_BLANK}\u200b\ufeff]*[=+\-@＝＋－＠]"

_BEGINNING = rf"({_FORMULA}|'*[\t\r\n])"
RUN_BY_SPREADSHEETS = f"^{_BEGINNING}"
"""How a cell begins that some spreadsheet runs, or would once it has taken away what stands before the sign."""

AS_A_CELL_ELSEWHERE = rf"(?<=[;\t])(?={_FORMULA})"
"""Where a spreadsheet of another country, which parts cells there, would see such a beginning inside one."""

_RUN, _ELSEWHERE = re.compile(RUN_BY_SPREADSHEETS), re.compile(AS_A_CELL_ELSEWHERE)
_MADE_HARMLESS_ELSEWHERE = re.compile(rf"(?<=[;\t])'(?={_FORMULA})")
_AFTER_AN_APOSTROPHE = re.compile(f"'{_BEGINNING}")

APOSTROPHE = "'"
"""Where there is none a cell is as it was meant."""

_LINES_A_PIECE = 500


def stream(
    header: Sequence[str], rows: Iterable[Sequence[Any]], delimiter: str = ",", encoding: Encoding = Encoding.UTF_8
) -> Iterator[bytes]:
    """The CSV in pieces of a few hundred lines, so that a million rows take no more memory than one piece."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    writer.writerow([cell(title) for title in header])
    yield encoding.mark + encoding.encoded(_emptied(buffer))
    for number, row in enumerate(rows, start=1):
        writer.writerow([cell(value) for value in row])
        if number % _LINES_A_PIECE == 0:
            yield encoding.encoded(_emptied(buffer))
    yield encoding.encoded(_emptied(buffer))


def quoted(text: str, delimiter: str) -> str:
    """The text as a harmless cell of a line, in quotation marks where RFC 4180 wants them."""
    told = harmless(text)
    return f'"{told.replace(_QUOTE, _QUOTE * 2)}"' if {delimiter, _QUOTE, "\r", "\n"} & set(told) else told


_QUOTE = '"'


def harmless(text: str) -> str:
    """A cell that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection)."""
    text = _ELSEWHERE.sub("'", text)
    return f"'{text}" if _RUN.match(text) else text


def as_meant(text: str) -> str:
    """The cell without the apostrophes that `harmless` gave it."""
    text = text[1:] if _AFTER_AN_APOSTROPHE.match(text) else text
    return _MADE_HARMLESS_ELSEWHERE.sub("", text)


def cell(value: Any) -> str:
    """A value as the text of a cell, a moment as ISO 8601 in UTC to the millisecond, a text made harmless."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return harmless(value) if isinstance(value, str) else str(value)


def heading(titles: Sequence[str], delimiter: str, encoding: Encoding) -> bytes:
    """What a file begins with whose lines come from elsewhere."""
    return encoding.mark + encoding.encoded(delimiter.join(titles) + "\r\n")


def _emptied(buffer: io.StringIO) -> str:
    piece = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return piece
