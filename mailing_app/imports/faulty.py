"""The faulty rows of an import: shown a page at a time, and as a file that can be mended and brought again."""

from collections.abc import Iterator
from typing import NamedTuple

from flask_babel import gettext
from sqlalchemy import func, select

from mailing_app import spreadsheet
from mailing_app.db import db, look_again
from mailing_app.errors import N_
from mailing_app.imports.rows import Row, judge_of_files, judged, records_of
from mailing_app.models import ClientImport, ImportPiece, ImportState

WHY = N_("What is wrong")


class Faulty(NamedTuple):
    """Some faulty rows; `next` is the line after which the others come, None when there are none."""

    rows: list[Row]
    next: int | None


def faulty(brought: ClientImport, most: int, after: int = 0) -> Faulty:
    """The faulty rows behind a line of the file, as far as it has been checked."""
    rows: list[Row] = []
    for row in _rows(brought, after):
        if len(rows) == most:
            return Faulty(rows, rows[-1].record.line)
        rows.append(row)
    return Faulty(rows, None)


def faulty_csv(brought: ClientImport, titles: list[str]) -> Iterator[bytes]:
    """The faulty rows as they came, under the same columns, and one more that says why."""
    width = len(titles)

    def lines() -> Iterator[list[str]]:
        for row in _rows(brought, 0):
            cells = [spreadsheet.as_meant(cell) for cell in row.record.cells] + [""] * (width - len(row.record.cells))
            yield [*cells[:width], " ".join(row.faults.values()), *cells[width:]]

    return spreadsheet.stream([*titles, gettext(WHY)], lines(), brought.delimiter)


def _rows(brought: ClientImport, after: int) -> Iterator[Row]:
    judge = judge_of_files()
    for piece in _pieces(brought, after):
        bad = {line for line in piece.bad_lines if line > after}
        records = (record for record in records_of(brought.id, piece.number, brought.delimiter) if record.line in bad)
        yield from judged(records, brought.mapping, judge)
        look_again()  # a slow reader must not hold the database's past


def _pieces(brought: ClientImport, after: int) -> list[ImportPiece]:
    of_it = ImportPiece.import_id == brought.id
    begun = select(func.max(ImportPiece.number)).where(of_it, ImportPiece.first_line <= after).scalar_subquery()
    pieces = select(ImportPiece.number, ImportPiece.bad_lines).where(of_it, ImportPiece.bad > 0)
    pieces = pieces.where(ImportPiece.number >= func.coalesce(begun, 0)).order_by(ImportPiece.number)
    if brought.state is ImportState.CHECKING:
        # What lies behind was found under an older reading of the columns.
        pieces = pieces.where(ImportPiece.number < brought.at_piece)
    return list(db.session.execute(pieces))  # type: ignore[arg-type]
