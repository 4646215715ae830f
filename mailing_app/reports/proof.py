"""The proof of the end: that no byte left at or after it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from mailing_app.db import db
from mailing_app.models import Attempt, Mailing, Message

NOTHING_LEFT = ("not_sent", "not_begun")
"""The outcomes of attempts of which no byte left."""


@dataclass(frozen=True)
class Proof:
    """That nothing left at or after the end: `after_end` counts the first bytes that did.

    It is above zero only when somebody moved the end to before what had left already.
    """

    last_first_byte_at: datetime | None
    ends_at: datetime
    after_end: int


def proof(mailing: Mailing) -> Proof:
    """How the mailing kept its end. Nothing is counted unless its latest first byte asks for it."""
    last = mailing.tally.last_byte_at
    after_end = _first_bytes_after_end(mailing) if last and last >= mailing.ends_at else 0
    return Proof(last, mailing.ends_at, after_end)


def _first_bytes_after_end(mailing: Mailing) -> int:
    late = (Attempt.started_at >= mailing.ends_at, Attempt.outcome.not_in(NOTHING_LEFT))
    statement = select(func.count()).select_from(Attempt).join(Message).where(Message.mailing_id == mailing.id, *late)
    return int(db.session.scalar(statement) or 0)
