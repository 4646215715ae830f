"""The reports as CSV, read from the database while they are sent."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import case, func, select

from mailing_app import clock, spreadsheet
from mailing_app.db import db
from mailing_app.models import Client, Mailing, Message, Status
from mailing_app.reports.figures import statistics
from mailing_app.reports.proof import proof

MAILING_COLUMNS = (
    "id", "name", "phase", "starts_at", "ends_at", "recipients", *Status,
    "last_first_byte_at", "first_bytes_after_end", "forgotten_at",
)  # fmt: skip
MESSAGE_COLUMNS = (
    "id", "client_id", "phone", "status", "reason", "attempts", "created_at", "due_at", "sent_at",
)  # fmt: skip


def mailings_csv() -> Iterator[bytes]:
    """One line a mailing."""
    return spreadsheet.stream(MAILING_COLUMNS, _mailing_rows())


def messages_csv(mailing_id: int) -> Iterator[bytes]:
    """One line a message of the mailing, in the order of its clients."""
    return spreadsheet.stream(MESSAGE_COLUMNS, _message_rows(mailing_id))


def _mailing_rows() -> Iterator[list[Any]]:
    now = clock.now()
    statement = select(Mailing).where(Mailing.deleted_at.is_(None)).order_by(Mailing.id)
    for mailing in db.session.scalars(statement.execution_options(yield_per=500)):
        shown = [mailing.id, mailing.name, mailing.phase(now).value, mailing.starts_at, mailing.ends_at]
        kept = proof(mailing)
        ends = [kept.last_first_byte_at, kept.after_end, mailing.forgotten_at]
        yield [*shown, *statistics(mailing.tally).values(), *ends]


def _message_rows(mailing_id: int) -> Iterator[Any]:
    named = {"phone": case((Mailing.forgotten_at.is_(None), func.coalesce(Message.phone, Client.phone)))}
    columns: list[Any] = [named.get(name, getattr(Message, name, None)) for name in MESSAGE_COLUMNS]
    both = select(*columns).select_from(Message).join(Message.client).join(Message.mailing)
    statement = both.where(Message.mailing_id == mailing_id).order_by(Message.client_id)
    yield from db.session.execute(statement.execution_options(yield_per=2000))
