"""Clients from CSV at once. Large files come through the room `imports`, piece by piece."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple

from mailing_app import audit, delimited, spreadsheet
from mailing_app.clients.columns import mapping_of
from mailing_app.clients.storing import Stored, store
from mailing_app.db import transaction
from mailing_app.delimited import Record
from mailing_app.errors import N_, Refused
from mailing_app.models import Action
from mailing_app.prefetch import prefetched

ROWS_A_CHUNK = 2_000
"""About 50 ms of write lock on SQLite."""

MOST_ERRORS = 1000
"""How many faults an import lists; it counts them all."""

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

    def add(self, stored: Stored) -> None:
        """Count what became of a chunk."""
        self.created += stored.created
        self.updated += stored.updated
        self.unchanged += stored.unchanged

    def reject(self, line: int, faults: Mapping[str, str]) -> None:
        """Count a bad row, and list its faults while there is room."""
        self.rejected += 1
        room = MOST_ERRORS - len(self.errors)
        told = [{"line": line, "field": name, "message": message} for name, message in faults.items()]
        self.errors.extend(told[:room])


def import_csv(
    file: IO[bytes], judge: Judge, progress: Callable[[int], Any] | None = None, ahead: bool = False
) -> ImportResult:
    """Add or update clients by phone from a CSV with a header; chunk by chunk, each a transaction.

    UTF-8 with or without a byte order mark, UTF-16 with one, or CP1251; comma, semicolon or tab. A column that the
    file does not have is left as it is. `progress` is told the number of rows of each chunk; with `ahead` the next one
    is judged while one is stored, for a process that has nothing else to do. The file is closed at the end.
    """
    result = ImportResult()
    with closing(file):
        lines = delimited.lines_of(file, delimited.encoding_of(file))
        records = delimited.records(lines, delimited.delimiter_of(lines))
        mapping = mapping_of(next((record.cells for record in records), []))
        if "phone" not in mapping:
            raise Refused(N_("The first line must name the columns, `phone` among them."), field="file")
        chunks = _chunks(records, mapping, judge)
        with closing(prefetched(chunks) if ahead else chunks) as judged:
            for chunk in judged:
                for line, faults in chunk.bad:
                    result.reject(line, faults)
                if chunk.good:
                    with transaction() as session:
                        result.add(store(session, chunk.good, mapping))
                if progress:
                    progress(len(chunk.good) + len(chunk.bad))
    with transaction() as session:
        told = {name: getattr(result, name) for name in ("created", "updated", "unchanged", "rejected")}
        audit.note(session, Action.CLIENTS_IMPORTED, **told)
    return result


def texts_of(record: Record, mapping: Sequence[str]) -> dict[str, str]:
    """What the cells of a row say of each field."""
    texts = {name: cell for name, cell in zip(mapping, record.cells, strict=False) if name}
    if spreadsheet.APOSTROPHE in record.raw:
        return {name: spreadsheet.as_meant(cell) for name, cell in texts.items()}
    return texts


class _Chunk(NamedTuple):
    """Rows that stand together in the file: the values of the good ones, and line and faults of each bad one."""

    good: list[dict[str, Any]]
    bad: list[tuple[int, Mapping[str, str]]]


def _chunks(records: Iterator[Record], mapping: Sequence[str], judge: Judge) -> Generator[_Chunk]:
    chunk = _Chunk([], [])
    for record in records:
        if record.is_blank:
            continue
        values, faults = ({}, {"": record.fault}) if record.fault else judge(texts_of(record, mapping))
        if faults:
            chunk.bad.append((record.line, faults))
        else:
            chunk.good.append(values)
        if len(chunk.good) + len(chunk.bad) >= ROWS_A_CHUNK:
            yield chunk
            chunk = _Chunk([], [])
    if chunk.good or chunk.bad:
        yield chunk
