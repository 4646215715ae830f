"""Old messages: written to a file, read back, and only then removed. No file holds a phone, a tag or a text, so that
nobody has to look there when a client is erased.

A mailing is archived in three steps, each of which may be interrupted: the file is written under another name and
renamed; the mailing is marked, from where on nobody can wake it up; its messages are removed by the chunk.
"""

import csv
import gzip
import io
import json
import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from mailing_app import audit, clock, mailings, spreadsheet
from mailing_app.db import changed, db, look_again, transaction
from mailing_app.figures import COUNTED, Moves
from mailing_app.models import Action, Attempt, Inquiry, Mailing, Message, RawAnswer, Status, Tally

log = logging.getLogger(__name__)

COLUMNS = ("id", "client_id", "status", "reason", "attempts", "created_at", "due_at", "sent_at", "history")
TOLD = ("started_at", "ended_at", "outcome", "http_status", "code")
"""What the file tells of each attempt; not the gateway's own words, which may be about a person."""

MESSAGES_A_CHUNK = 500
"""How many are read at a time."""

REMOVED_A_CHUNK = 200
"""About 30 ms of write lock on SQLite, which overwrites what is removed."""

REST = 0.05
"""Seconds between two chunks."""

TORSO_FOR = timedelta(days=1)
"""Nobody writes at a file for so long."""


def path_of(folder: Path, mailing_id: int) -> Path:
    """Where a mailing's archive is."""
    return folder / f"mailing-{mailing_id}.csv.gz"


def work(days: int | None, folder: Path, now: datetime, rest: Callable[[float], Any]) -> int:
    """Archive the mailings that settled so many days ago, none where that is None; how many were finished."""
    if days is None:
        return 0
    _drop_torsos(folder, now)
    return sum(_archive(mailing_id, now - timedelta(days=days), folder, rest) for mailing_id in _due(now, days))


def _drop_torsos(folder: Path, now: datetime) -> None:
    """Remove what processes that were killed had begun to write."""
    for torso in folder.glob("mailing-*.part"):
        if torso.stat().st_mtime < (now - TORSO_FOR).timestamp():
            torso.unlink(missing_ok=True)


def _due(now: datetime, days: int) -> Sequence[int]:
    """Those with messages. One whose end was moved to before what had left is kept: its proof has to be counted."""
    look_again()
    kept = exists().where(Message.mailing_id == Mailing.id)
    proven = or_(Tally.last_byte_at.is_(None), Tally.last_byte_at < Mailing.ends_at)
    old = (Mailing.settled_at <= now - timedelta(days=days), proven, kept)
    return db.session.scalars(select(Mailing.id).join(Tally).where(*old).order_by(Mailing.id)).all()


def _archive(mailing_id: int, before: datetime, folder: Path, rest: Callable[[float], Any]) -> bool:
    mailing = db.session.get_one(Mailing, mailing_id, populate_existing=True)
    if mailing.archived_at is None and not _keep(mailing, before, folder, rest):
        return False
    return _remove(mailing_id, rest)


def _keep(mailing: Mailing, before: datetime, folder: Path, rest: Callable[[float], Any]) -> bool:
    """Write the file and mark the mailing; whether both is done."""
    if not mailings.is_family_settled(db.session(), mailing.id, before):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    file = path_of(folder, mailing.id)
    being_written = file.with_suffix(f".{secrets.token_hex(4)}.part")
    settled_at = mailing.settled_at
    try:
        if not _write(being_written, mailing.id, rest):
            return False
        told = _read_back(being_written)
        return _mark(mailing.id, settled_at, before, told, lambda: _publish(being_written, file))
    finally:
        being_written.unlink(missing_ok=True)


def _write(path: Path, mailing_id: int, rest: Callable[[float], Any]) -> bool:
    """Write all messages to a file and to the disk; False when told to leave before it is whole."""
    with path.open("wb") as raw:
        with gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed:
            for piece in spreadsheet.stream(COLUMNS, _rows(mailing_id)):
                packed.write(piece)
                if rest(0):
                    return False
        raw.flush()
        os.fsync(raw.fileno())
    return True


def _rows(mailing_id: int) -> Iterator[list[Any]]:
    after = 0
    while True:
        look_again()
        chunk = select(Message).where(Message.mailing_id == mailing_id, Message.client_id > after)
        messages = db.session.scalars(chunk.order_by(Message.client_id).limit(MESSAGES_A_CHUNK)).all()
        if not messages:
            return
        histories = _histories([message.id for message in messages])
        for message in messages:
            told = [getattr(message, name) for name in COLUMNS[:-1]]
            yield [*told, json.dumps(histories.get(message.id, []))]
        after = messages[-1].client_id
        db.session.expunge_all()


def _histories(message_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    theirs = select(Attempt).where(Attempt.message_id.in_(message_ids)).order_by(Attempt.message_id, Attempt.epoch)
    for attempt in db.session.scalars(theirs):
        told = {name: getattr(attempt, name) for name in TOLD}
        plain = {name: each.isoformat() if isinstance(each, datetime) else each for name, each in told.items()}
        found.setdefault(attempt.message_id, []).append(plain)
    return found


def _read_back(path: Path) -> Counter[str]:
    """How many messages the file holds, by status: read from the disk, checksums included."""
    with gzip.open(path, "rb") as packed, io.TextIOWrapper(packed, encoding="utf-8-sig", newline="") as text:
        return Counter(row["status"] for row in csv.DictReader(text))


def _mark(
    mailing_id: int, settled_at: datetime | None, before: datetime, told: Counter[str], publish: Callable[[], None]
) -> bool:
    """Mark the mailing as archived, with its file in its place; False when the file does not tell what the figures do,
    or somebody has changed the mailing, or one of its family, since it was written."""
    with transaction() as session:
        mailings.lock_family(session, mailing_id)
        mailing = session.get_one(Mailing, mailing_id, with_for_update={"of": Mailing}, populate_existing=True)
        session.refresh(mailing.tally)
        is_same = mailing.settled_at == settled_at and mailings.is_family_settled(session, mailing_id, before)
        is_whole = all(getattr(mailing.tally, status) == told[status.value] for status in Status)
        if mailing.archived_at or not is_same or not is_whole:
            log.warning("mailing not archived", extra={"mailing_id": mailing_id, "whole": is_whole})
            return False
        publish()
        mailing.archived_at = mailing.updated_at = clock.now()
        mailing.version += 1
        audit.note(session, Action.MAILING_ARCHIVED, mailing_id=mailing_id, messages=mailing.tally.recipients)
    return True


def _publish(being_written: Path, file: Path) -> None:
    """Give the file its name, for good: the folder too goes to the disk."""
    being_written.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _remove(mailing_id: int, rest: Callable[[float], Any]) -> bool:
    """Remove the messages; whether all are gone."""
    while True:
        with transaction() as session:
            if not _remove_chunk(session, mailing_id):
                return True
        if rest(REST):
            return False


def _remove_chunk(session: Session, mailing_id: int) -> int:
    """Some messages with all that tells of them. What they ended as is no longer held against their clients."""
    some = select(Message.id).where(Message.mailing_id == mailing_id).order_by(Message.id).limit(REMOVED_A_CHUNK)
    ids = session.scalars(some.with_for_update(skip_locked=True)).all()
    for table in (Attempt, Inquiry, RawAnswer):
        changed(session, delete(table).where(table.message_id.in_(ids)))
    moves = Moves()
    gone = session.execute(delete(Message).where(Message.id.in_(ids)).returning(*COUNTED)).all()
    for row in gone:
        moves.removed(row)
    moves.write(session)
    return len(ids)
