"""Reading the delimited files that people bring: their encoding, their delimiter, and their records one by one.

Whatever the file holds, memory stays flat and every line is told of once.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import IO, NamedTuple

from mailing_app.errors import N_, Refused

DELIMITERS = ",;\t"
LONGEST_LINE = 16 * 1024
"""Characters; what is beyond them is passed over, and the record is faulty."""
MOST_LINES = 20
"""So many lines may stand inside one pair of quotation marks; else a lone mark would swallow the rest of the file."""

NOT_CSV = N_("This is not a CSV file.")
A_WORKBOOK = N_("This is a workbook of a spreadsheet. Save it there as CSV, and choose that file.")
UNCLOSED = N_("A quotation mark in this row is opened and never closed.")
TOO_LONG = N_("This row is far too long.")

_BLOCK = 1 << 16
_ENDS = ("\n", "\r")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_HINT = re.compile(r"""sep=([^"\x00-\x08\n-\x1f])\r?\n?""", re.IGNORECASE)


class Record(NamedTuple):
    """A row of the file as it came: the number of its first line, its text, its cells, and what is wrong with it."""

    line: int
    raw: str
    cells: list[str]
    fault: str

    @property
    def is_blank(self) -> bool:
        """Whether it holds nothing but white space."""
        held = "".join(self.cells)
        return not held or held.isspace()


def encoding_of(file: IO[bytes]) -> str:
    """What its mark says; else UTF-8 when the whole file is; else what Russian spreadsheets write.

    Refused for what is no text at all. The file is at its beginning afterwards.
    """
    first = file.read(_BLOCK)
    try:
        if first.startswith(_WORKBOOKS):
            raise Refused(A_WORKBOOK, field="file")
        marked = next((name for mark, name in _MARKS.items() if first.startswith(mark)), "")
        if b"\0" in first and marked != "utf-16":
            raise Refused(NOT_CSV, field="file")
        return marked or ("utf-8" if _is_utf8(first, file) else "cp1251")
    finally:
        file.seek(0)


def _is_utf8(first: bytes, file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    block = first
    with suppress(UnicodeDecodeError):
        while block:
            decoder.decode(block)
            block = file.read(_BLOCK)
        decoder.decode(b"", final=True)
        return True
    return False


class Lines:
    """The lines of a file, numbered; an over-long one is cut. Those that were read too far can be given back."""

    def __init__(self, text: IO[str], first_line: int = 1):
        self._text, self._number = text, first_line
        self._back: deque[str] = deque()

    @property
    def number(self) -> int:
        """The number of the line that comes next."""
        return self._number

    def take(self) -> str:
        """The next line with its end; empty when there is none."""
        line = self._back.popleft() if self._back else self._read()
        self._number += bool(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        """Put lines back, to be taken again."""
        self._back.extendleft(reversed(lines))
        self._number -= len(lines)

    def _read(self) -> str:
        line = more = self._text.readline(LONGEST_LINE)
        while len(more) >= LONGEST_LINE and not more.endswith(_ENDS):
            more = self._text.readline(LONGEST_LINE)
        return line


def lines_of(file: IO[bytes], encoding: str) -> Lines:
    """The lines of a file in that encoding; what it cannot hold becomes a mark of replacement."""
    return Lines(io.TextIOWrapper(file, encoding, errors="replace", newline=""))


def delimiter_of(lines: Lines) -> str:
    """The delimiter of the first line that is not blank. Those before it are passed over, and so is the line that
    Excel writes for that purpose (`sep=;`)."""
    first = lines.take()
    while first.isspace():
        first = lines.take()
    if hint := _HINT.fullmatch(first):
        return hint[1]
    lines.give_back([first] if first else [])
    return max(DELIMITERS, key=first.count)


def records(lines: Lines, delimiter: str) -> Iterator[Record]:
    """Every row, blank ones too, so that the records of a piece are all of its lines."""
    while line := lines.take():
        number = lines.number - 1
        yield _quoted(number, line, lines, delimiter) if '"' in line else _plain(number, line, delimiter)


def _plain(number: int, line: str, delimiter: str, fault: str = "") -> Record:
    fault = fault or (TOO_LONG if len(line) >= LONGEST_LINE else "")
    return Record(number, line, line.rstrip("\r\n").split(delimiter), fault)


def _quoted(number: int, line: str, lines: Lines, delimiter: str) -> Record:
    """A row with quotation marks, over several lines where they hold line breaks."""
    taken, asked = [line], 0

    def feed() -> Iterator[str]:
        nonlocal asked
        yield line
        while True:
            asked += 1
            more = lines.take() if len(taken) < MOST_LINES else ""
            if not more:
                return
            taken.append(more)
            yield more

    try:
        cells = next(csv.reader(feed(), delimiter=delimiter), [])
    except csv.Error:
        cells = []
    if not cells or asked >= len(taken):  # it asked for one line more than it was given
        lines.give_back(taken[1:])
        return _plain(number, line, delimiter, UNCLOSED)
    return Record(number, "".join(taken), cells, TOO_LONG if len(taken[-1]) >= LONGEST_LINE else "")


def written(raws: Iterable[str]) -> bytes:
    """The texts of records as a piece keeps them; `read` gives the records back."""
    return "".join(raw if raw.endswith(_ENDS) else f"{raw}\n" for raw in raws).encode(errors="replace")


def read(piece: bytes, first_line: int, delimiter: str) -> Iterator[Record]:
    """The records of a piece that `written` made."""
    text = io.TextIOWrapper(io.BytesIO(piece), "utf-8", newline="")
    return records(Lines(text, first_line), delimiter)
