"""Receiving a file: it is cut into pieces of whole rows, each stored by itself, whatever its size."""

import logging
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import IO, Any, NamedTuple

from sqlalchemy import insert, update

from mailing_app import audit, clock, delimited
from mailing_app.clients import columns
from mailing_app.db import transaction
from mailing_app.delimited import Record
from mailing_app.errors import N_, Refused
from mailing_app.imports.control import end, get, moved_to
from mailing_app.models import ClientImport, ImportPiece, ImportState
from mailing_app.pace import Pace

log = logging.getLogger(__name__)

ROWS_A_PIECE, CHARACTERS_A_PIECE = 2_000, 2**17
"""A piece is stored in one transaction: about 50 ms of write lock on SQLite."""

PIECES_AT_A_TIME = 4
"""So many are received in one transaction: most of its time goes to the disk."""

MOST_COLUMNS, LONGEST_TITLE, LONGEST_NAME = 100, 100, 200

SHARE = 0.5
"""Of one core, for the one who cuts: pages and senders beside it need the interpreter too."""

EMPTY = N_("This file is empty.")
NO_ROWS = N_("This file has titles and no row below them.")
TOO_WIDE = N_(
    "This file has %(columns)s columns and at most %(most)s are taken. Leave out those that are for other things."
)
BROKEN_OFF = N_("The file did not come whole. Import it again.")


class _Head(NamedTuple):
    """What the beginning of a file tells."""

    titles: list[str]
    mapping: list[str]
    records: Iterator[Record]


def receive(file: IO[bytes], name: str) -> ClientImport:
    """Take a file in. Its columns are recognised as far as possible; once the phones are, it is checked.

    Refused for what is no CSV file of clients. The file is closed at the end.
    """
    with closing(file):
        encoding = delimited.encoding_of(file)
        lines = delimited.lines_of(file, encoding)
        delimiter = delimited.delimiter_of(lines)
        head = _head(delimited.records(lines, delimiter))
        import_id = _begun(_plain(name, LONGEST_NAME), encoding, delimiter, head)
        try:
            return _taken_in(import_id, head)
        except BaseException:
            end(import_id, ImportState.FAILED, BROKEN_OFF)
            raise


def _head(records: Iterator[Record]) -> _Head:
    first = _next(records)
    if first is None:
        raise Refused(EMPTY, field="file")
    if len(first.cells) > MOST_COLUMNS:
        raise Refused(TOO_WIDE, field="file", columns=len(first.cells), most=MOST_COLUMNS)
    if columns.is_row(first.cells):
        return _Head([""] * len(first.cells), columns.guessed(first.cells), chain([first], records))
    second = _next(records)
    if second is None:
        raise Refused(NO_ROWS, field="file")
    titles = [_plain(title, LONGEST_TITLE) for title in first.cells]
    return _Head(titles, _mapped(titles, second), chain([second], records))


def _mapped(titles: list[str], first: Record) -> list[str]:
    """By the titles; where none of them says phone, the column counts that holds one."""
    mapping = columns.mapping_of(titles)
    if "phone" not in mapping:
        seen = columns.guessed(first.cells)[: len(titles)]
        if "phone" in seen and not mapping[seen.index("phone")]:
            mapping[seen.index("phone")] = "phone"
    return mapping


def _begun(name: str, encoding: str, delimiter: str, head: _Head) -> int:
    who = audit.actor()
    with transaction() as session:
        brought = ClientImport(
            name=name, state=ImportState.RECEIVING, encoding=encoding, delimiter=delimiter, titles=head.titles,
            mapping=head.mapping, actor_kind=who.kind, actor=who.name, created_at=clock.now(),
        )  # fmt: skip
        session.add(brought)
        session.flush()
        return brought.id


def _taken_in(import_id: int, head: _Head) -> ClientImport:
    pace = Pace(SHARE, time.thread_time)
    pieces = rows = 0
    kept: list[dict[str, Any]] = []
    for records in _cut(head.records):
        content = delimited.written(record.raw for record in records)
        kept.append({"import_id": import_id, "number": pieces, "first_line": records[0].line, "content": content})
        pieces += 1
        rows += sum(not record.is_blank for record in records)
        if len(kept) == PIECES_AT_A_TIME:
            _keep(kept)
        time.sleep(pace())
    _keep(kept)
    state = ImportState.CHECKING if "phone" in head.mapping else ImportState.CHECKED
    with transaction() as session:
        received = update(ClientImport).filter_by(id=import_id, state=ImportState.RECEIVING)
        session.execute(received.values(moved_to(state) | {"pieces": pieces, "lines": rows}))
    log.info("import received", extra={"import_id": import_id, "rows": rows})
    return get(import_id)


def _keep(pieces: list[dict[str, Any]]) -> None:
    """Store the pieces, and empty their list."""
    if pieces:
        with transaction() as session:
            session.execute(insert(ImportPiece), pieces)
        pieces.clear()


def _cut(records: Iterator[Record]) -> Iterator[list[Record]]:
    piece: list[Record] = []
    size = 0
    for record in records:
        piece.append(record)
        size += len(record.raw)
        if len(piece) >= ROWS_A_PIECE or size >= CHARACTERS_A_PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _next(records: Iterator[Record]) -> Record | None:
    return next((record for record in records if not record.is_blank), None)


def _plain(text: str, longest: int) -> str:
    return "".join(character for character in text if character.isprintable()).strip()[:longest]
