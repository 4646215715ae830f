"""Old attempts: of each message the last one stays, and how many there were."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, or_, select
from sqlalchemy.orm import aliased

from mailing_app import audit
from mailing_app.db import changed, db, look_again, transaction
from mailing_app.models import Action, Attempt, AuditEntry, Mailing, Message, Tally

MESSAGES_A_CHUNK = 500

REST = 0.05
"""Seconds between two chunks."""


def thin(days: int | None, now: datetime, rest: Callable[[float], Any]) -> int:
    """Remove all but the last attempts of mailings that settled so many days ago, none where that is None; how many."""
    if days is None:
        return 0
    return sum(_thin_mailing(mailing_id, rest) for mailing_id in _due(now - timedelta(days=days)))


def _due(before: datetime) -> Sequence[int]:
    """Those with repeats that were not thinned since they settled: the audit trail tells."""
    look_again()
    thinned = (AuditEntry.action == Action.ATTEMPTS_THINNED.value, AuditEntry.done_at >= Mailing.settled_at)
    done = exists().where(AuditEntry.mailing_id == Mailing.id, *thinned)
    old = (Mailing.settled_at <= before, Mailing.archived_at.is_(None), Tally.repeats > 0, ~done)
    return db.session.scalars(select(Mailing.id).join(Tally).where(*old).order_by(Mailing.id)).all()


def _thin_mailing(mailing_id: int, rest: Callable[[float], Any]) -> int:
    removed, after = 0, 0
    while clients := _next_clients(mailing_id, after):
        with transaction() as session:
            removed += changed(session, _removal(mailing_id, after, clients[-1]))
        after = clients[-1]
        if rest(REST):
            return removed
    with transaction() as session:
        audit.note(session, Action.ATTEMPTS_THINNED, mailing_id=mailing_id)
    return removed


def _next_clients(mailing_id: int, after: int) -> Sequence[int]:
    look_again()
    following = select(Message.client_id).where(Message.mailing_id == mailing_id, Message.client_id > after)
    return db.session.scalars(following.order_by(Message.client_id).limit(MESSAGES_A_CHUNK)).all()


def _removal(mailing_id: int, after: int, last: int) -> Any:
    """All but the last one of each message. What left at or after the end stays: the proof of the end counts it."""
    ends_at = select(Mailing.ends_at).where(Mailing.id == mailing_id).scalar_subquery()
    chunk = (Message.mailing_id == mailing_id, Message.client_id > after, Message.client_id <= last)
    repeated = select(Message.id).where(*chunk, Message.attempts > 1)
    later = aliased(Attempt)
    latest = select(func.max(later.epoch)).where(later.message_id == Attempt.message_id).scalar_subquery()
    in_time = or_(Attempt.started_at.is_(None), Attempt.started_at < ends_at)
    return delete(Attempt).where(Attempt.message_id.in_(repeated), Attempt.epoch < latest, in_time)
