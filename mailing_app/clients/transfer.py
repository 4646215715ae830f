"""Clients from CSV."""

import codecs
import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any

from sqlalchemy import String, literal, select, true

from mailing_app import audit, clock, spreadsheet
from mailing_app.db import Moment, batch, insert, transaction
from mailing_app.errors import N_, Refused
from mailing_app.models import Action, Client

COLUMNS = ("phone", "operator_code", "tag", "timezone")
ROWS_A_CHUNK = 5000
MOST_ERRORS = 1000
"""How many faults an import lists; it counts them all."""

_KNOWN_AS = {name: name for name in COLUMNS} | {
    "телефон": "phone",
    "номер": "phone",
    "код оператора": "operator_code",
    "operator code": "operator_code",
    "operator": "operator_code",
    "тег": "tag",
    "тэг": "tag",
    "метка": "tag",
    "часовой пояс": "timezone",
    "time zone": "timezone",
}

Judge = Callable[[Mapping[str, str]], tuple[dict[str, Any], dict[str, str]]]
"""From the texts of a row to its values, or to the fault of each field."""


@dataclass
class ImportResult:
    """What became of the rows of a file: the good ones are in, the bad ones listed by line and field."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    errors: list[dict[str, Any]] = field(default_factory=list)

    def reject(self, line: int, faults: Mapping[str, str]) -> None:
        self.rejected += 1
        room = MOST_ERRORS - len(self.errors)
        told = [{"line": line, "field": name, "message": message} for name, message in faults.items()]
        self.errors.extend(told[:room])


def import_csv(file: IO[bytes], judge: Judge, progress: Callable[[int], Any] | None = None) -> ImportResult:
    """Add or update clients by phone from a CSV with a header; chunk by chunk, each a transaction.

    UTF-8 with or without a byte order mark, or CP1251; comma, semicolon or tab. A column that the
    file does not have is left as it is. `progress` is told the number of rows of each chunk. The file is
    closed at the end.
    """
    result = ImportResult()
    good: dict[str, dict[str, Any]] = {}
    with _reading(file) as reader:
        names = _header(reader)
        for line, texts in _rows(reader, names, result):
            values, faults = judge(texts)
            if faults:
                result.reject(line, faults)
                continue
            if values["phone"] in good or len(good) >= ROWS_A_CHUNK:
                _store(good, set(names), result, progress)
            good[values["phone"]] = values
    _store(good, set(names), result, progress)
    with transaction() as session:
        told = {name: getattr(result, name) for name in ("created", "updated", "unchanged", "rejected")}
        audit.note(session, Action.CLIENTS_IMPORTED, **told)
    return result


@contextmanager
def _reading(file: IO[bytes]) -> Iterator[Any]:
    encoding = _encoding(file)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        first = text.readline()
        text.seek(0)
        delimiter = max(",;\t", key=first.count)
        yield csv.reader(text, delimiter=delimiter)
    finally:
        text.close()


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 when the whole file is; else what Russian spreadsheets write."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(1 << 16):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1251"
    finally:
        file.seek(0)
    return "utf-8-sig"


def _header(reader: Any) -> list[str]:
    try:
        titles: list[str] = next(reader, [])
    except csv.Error as error:
        raise Refused(N_("This is not a CSV file."), field="file") from error
    names = [_KNOWN_AS.get(title.strip().lower(), "") for title in titles]
    if "phone" not in names:
        raise Refused(N_("The first line must name the columns, `phone` among them."), field="file")
    return names


def _rows(reader: Any, names: list[str], result: ImportResult) -> Iterator[tuple[int, dict[str, str]]]:
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            result.reject(reader.line_num, {"": str(error)})
            continue
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            texts = {name: spreadsheet.as_meant(cell) for name, cell in zip(names, cells, strict=False) if name}
            yield reader.line_num, texts


def _store(
    good: dict[str, dict[str, Any]], given: set[str], result: ImportResult, progress: Callable[[int], Any] | None
) -> None:
    """Insert what is new and update what differs, in one transaction; empties `good`."""
    if not good:
        return
    kept = [name for name in COLUMNS[1:] if name in given]
    with transaction() as session:
        wanted = batch([{"phone": phone} for phone in good], phone=String())
        stored = select(*(getattr(Client, name) for name in COLUMNS)).join(wanted, Client.phone == wanted.c.phone)
        known = {row.phone: row for row in session.execute(stored)}
        changed = [
            values for phone, values in good.items()
            if phone not in known or any(getattr(known[phone], name) != values[name] for name in kept)
        ]  # fmt: skip
        _upsert(session, changed, kept)
    created = sum(values["phone"] not in known for values in changed)
    result.created += created
    result.updated += len(changed) - created
    result.unchanged += len(good) - len(changed)
    if progress:
        progress(len(good))
    good.clear()


def _upsert(session: Any, values: Iterable[dict[str, Any]], kept: list[str]) -> None:
    rows = [{name: each[name] for name in COLUMNS} for each in values]
    if not rows:
        return
    now = clock.now()
    new = batch(rows, **{name: String() for name in COLUMNS})
    picked = select(*(new.c[name] for name in COLUMNS), literal(1), literal(now, Moment()), literal(now, Moment()))
    # SQLite takes ON CONFLICT for a join condition unless the SELECT before it has a WHERE.
    statement = insert(Client).from_select([*COLUMNS, "version", "created_at", "updated_at"], picked.where(true()))
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["phone"],
            set_={name: statement.excluded[name] for name in kept}
            | {"updated_at": statement.excluded.updated_at, "version": Client.version + 1},
        )
    )
