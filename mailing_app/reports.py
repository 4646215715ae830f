"""Figures over all mailings, and the reports as CSV. Every figure is read from the tallies, never counted."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select

from mailing_app import clock, spreadsheet
from mailing_app.db import count_by, db
from mailing_app.mailings import in_phase
from mailing_app.models import Client, Mailing, Message, Phase, Status, Tally

MAILING_COLUMNS = ("id", "name", "phase", "starts_at", "ends_at", "recipients", *Status)
MESSAGE_COLUMNS = (
    "id", "client_id", "phone", "status", "reason", "attempts", "created_at", "due_at", "sent_at",
)  # fmt: skip


def statistics(tally: Tally) -> dict[str, int]:
    """A mailing's figures: recipients, then the seven states whose sum they are."""
    return {"recipients": tally.recipients} | {status.value: getattr(tally, status) for status in Status}


def totals() -> dict[str, dict[str, int]]:
    """Mailings by phase and messages by status; deleted mailings count only in the messages."""
    return {"mailings": _mailings_by_phase(), "messages": _messages_by_status()}


def mailings_csv() -> Iterator[bytes]:
    """One line a mailing."""
    return spreadsheet.stream(MAILING_COLUMNS, _mailing_rows())


def messages_csv(mailing_id: int) -> Iterator[bytes]:
    """One line a message of the mailing, in the order of its clients."""
    return spreadsheet.stream(MESSAGE_COLUMNS, _message_rows(mailing_id))


def _mailings_by_phase() -> dict[str, int]:
    now = clock.now()
    counted = [count_by(in_phase(phase, now)) for phase in Phase]
    row = db.session.execute(select(*counted, func.count()).where(Mailing.deleted_at.is_(None))).one()
    return dict(zip([*(phase.value for phase in Phase), "total"], map(int, row), strict=True))


def _messages_by_status() -> dict[str, int]:
    sums = [func.coalesce(func.sum(getattr(Tally, status)), 0) for status in Status]
    row = [int(value) for value in db.session.execute(select(*sums)).one()]
    return {"recipients": sum(row)} | dict(zip((status.value for status in Status), row, strict=True))


def _mailing_rows() -> Iterator[list[Any]]:
    now = clock.now()
    statement = select(Mailing).where(Mailing.deleted_at.is_(None)).order_by(Mailing.id)
    for mailing in db.session.scalars(statement.execution_options(yield_per=500)):
        shown = [mailing.id, mailing.name, mailing.phase(now).value, mailing.starts_at, mailing.ends_at]
        yield shown + list(statistics(mailing.tally).values())


def _message_rows(mailing_id: int) -> Iterator[Any]:
    named = {"phone": func.coalesce(Message.phone, Client.phone)}
    columns: list[Any] = [named.get(name, getattr(Message, name, None)) for name in MESSAGE_COLUMNS]
    statement = select(*columns).join(Client).where(Message.mailing_id == mailing_id).order_by(Message.client_id)
    yield from db.session.execute(statement.execution_options(yield_per=2000))
