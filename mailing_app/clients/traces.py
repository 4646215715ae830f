"""What tells of clients outside the register and its messages: files that wait, forms that were typed, free words.

It is taken out before a client is erased, each piece in a transaction of its own: nobody waits for the whole, and after
a fault in between the same can be asked for again. What was written to everyone stays: a mailing's name and text.
"""

import re
from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mailing_app import delimited
from mailing_app.db import changed, db, transaction
from mailing_app.masking import HIDDEN, without_these
from mailing_app.models import (
    Attempt,
    Client,
    ClientImport,
    Draft,
    GatewayEvent,
    GatewayState,
    ImportPiece,
    Mailing,
    Message,
    RawAnswer,
)

WORDS = (Mailing.pause_reason, GatewayState.detail, GatewayEvent.detail, ClientImport.name)
"""Where colleagues, files and the gateway may have named anybody."""

WRITTEN_TO_ALL = ("name", "text")
"""The fields of a form that hold what a mailing says to everyone; a number in it is the sender's own."""

FEW = 20
"""So many numbers are looked for one by one, before a piece is read letter by letter."""

_NO_FIGURES = bytes(set(range(256)) - set(b"0123456789"))
_STRANGE_SCRIPTS = re.compile(rb"[\xd9-\xe1\xe3-\xff]")
"""How in UTF-8 the letters of scripts begin that have figures of their own; Cyrillic and punctuation do not."""


def phones_of(client_ids: Collection[int]) -> set[str]:
    """The clients' phones, and those that their messages went to before they had these."""
    present = select(Client.phone).where(Client.id.in_(client_ids))
    former = select(Message.phone).where(Message.client_id.in_(client_ids))
    return {phone for phone in db.session.scalars(present.union(former)) if phone}


def take_out(client_ids: Collection[int], phones: Collection[str]) -> None:
    """Take these phones out of wherever else they stand, and throw away forms about these clients."""
    _out_of_files(phones)
    _out_of_forms(client_ids, phones)
    _out_of_words(phones)
    _out_of_titles(phones)


def take_out_answers(session: Session, message_ids: Any) -> None:
    """Take out what the gateway told of these messages, for it may be about the person.

    After the messages themselves, as who records them does; inside the caller's transaction.
    """
    changed(session, update(Attempt).where(Attempt.message_id.in_(message_ids), Attempt.error != "").values(error=""))
    changed(session, delete(RawAnswer).where(RawAnswer.message_id.in_(message_ids)))


def _out_of_files(phones: Collection[str]) -> None:
    for import_id, number in db.session.execute(select(ImportPiece.import_id, ImportPiece.number)).all():
        content = db.session.scalar(select(ImportPiece.content).filter_by(import_id=import_id, number=number))
        if content and _may_hold(content, phones):
            _blank(import_id, number, phones)


def _may_hold(content: bytes, phones: Collection[str]) -> bool:
    if len(phones) > FEW or _STRANGE_SCRIPTS.search(content):
        return True
    figures = content.translate(None, _NO_FIGURES)
    return any(phone[1:].encode() in figures for phone in phones)


def _blank(import_id: int, number: int, phones: Collection[str]) -> None:
    """Empty the rows of a piece that name one of the phones. Lines keep their numbers and the import its figures."""
    with transaction() as session:
        brought = session.get_one(ClientImport, import_id, with_for_update=True, populate_existing=True)
        piece = session.get(ImportPiece, (import_id, number), populate_existing=True)
        if piece is None:
            return
        raws = [record.raw for record in delimited.read(piece.content, piece.first_line, brought.delimiter)]
        kept = [raw if without_these(raw, phones) == raw else re.sub(r"[^\r\n]", "", raw) for raw in raws]
        if kept != raws:
            piece.content = delimited.written(kept)
            brought.worker = ""  # whoever has read the piece already does it again


def _out_of_forms(client_ids: Collection[int], phones: Collection[str]) -> None:
    about = re.compile(f"/clients/(?:{'|'.join(map(str, client_ids))})/.*")
    for draft in db.session.execute(select(Draft.id, Draft.path, Draft.fields)).all():
        fields = [[name, _without(name, text, phones)] for name, text in draft.fields]
        named = draft.path.startswith("/clients/") and dict(fields).get("phone") != dict(draft.fields).get("phone")
        if named or about.fullmatch(draft.path):
            _change(delete(Draft).where(Draft.id == draft.id))
        elif fields != draft.fields:
            _change(update(Draft).where(Draft.id == draft.id).values(fields=fields))


def _without(name: str, text: str, phones: Collection[str]) -> str:
    return text if name in WRITTEN_TO_ALL else without_these(text, phones)


def _out_of_words(phones: Collection[str]) -> None:
    for column in WORDS:
        told = db.session.execute(select(column.class_.id, column).where(column != "")).all()
        for row_id, text in told:
            if (kept := without_these(text, phones, HIDDEN)) != text:
                _change(update(column.class_).where(column.class_.id == row_id).values({column.key: kept}))


def _out_of_titles(phones: Collection[str]) -> None:
    """They are the first row of a file that has none."""
    for import_id, titles in db.session.execute(select(ClientImport.id, ClientImport.titles)).all():
        if any(without_these(title, phones) != title for title in titles):
            untitled = [""] * len(titles)
            _change(update(ClientImport).where(ClientImport.id == import_id).values(titles=untitled))


def _change(statement: Any) -> None:
    with transaction() as session:
        session.execute(statement)
