"""The rows of a file as they are judged: what will be stored of each, or what is wrong with it and where."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from flask_babel import gettext
from sqlalchemy import select

from mailing_app import damage, delimited
from mailing_app.clients import Judge, texts_of
from mailing_app.db import db
from mailing_app.delimited import Record
from mailing_app.forms import ClientForm
from mailing_app.models import ClientImport, ImportPiece


class Row(NamedTuple):
    """A row of the file. `values` is empty where there are `faults`; a fault of the whole row is under no name."""

    record: Record
    texts: Mapping[str, str]
    values: Mapping[str, Any]
    faults: Mapping[str, str]


def judge_of_files() -> Judge:
    """The form's own rules, and beside them an eye for what spreadsheets do to a cell."""
    by_the_form, of_cell = ClientForm.of_texts(), lru_cache(maxsize=1000)(damage.of_cell)

    def judge(texts: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        values, faults = by_the_form(texts)
        phone = values.get("phone", "")
        for name, text in texts.items():
            if name == "phone":  # a damaged cell is no phone that could be used
                sentence = (not phone and damage.of_cell(text)) or damage.of_phone(text, phone)
            else:
                sentence = of_cell(text)
            if sentence:
                faults[name] = gettext(sentence)
        return ({}, faults) if faults else (values, faults)

    return judge


def judged(records: Iterator[Record], mapping: list[str], judge: Judge) -> Iterator[Row]:
    """The rows of the records; blank ones are none."""
    for record in records:
        if record.is_blank:
            continue
        texts = texts_of(record, mapping)
        texts.setdefault("phone", "")
        values, faults = ({}, {"": gettext(record.fault)}) if record.fault else judge(texts)
        yield Row(record, texts, values, faults)


def records_of(import_id: int, number: int, delimiter: str) -> Iterator[Record]:
    """The records of a piece; none when it is gone."""
    columns = select(ImportPiece.first_line, ImportPiece.content)
    piece = db.session.execute(columns.filter_by(import_id=import_id, number=number)).first()
    return delimited.read(piece.content, piece.first_line, delimiter) if piece else iter(())


def first_rows(brought: ClientImport, most: int) -> list[Row]:
    """The first rows as they will be stored, so that one sees whether the columns are meant as they are read."""
    records = records_of(brought.id, 0, brought.delimiter)
    rows = judged(records, brought.mapping, judge_of_files())
    return [row for row, _ in zip(rows, range(most), strict=False)]
