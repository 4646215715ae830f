"""Settling: whoever waits in a mailing that is over finds an end, and the figures with it."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import endings
from mailing_app.db import after_commit, changed, db, in_order, look_again, transaction
from mailing_app.figures import COUNTED, Moves
from mailing_app.mailings.planning import over
from mailing_app.models import EnrolmentSpan, Mailing, Message, Status, Tally

log = logging.getLogger(__name__)

MESSAGES_A_CHUNK = 2_000


def settle(now: datetime) -> bool:
    """One chunk for every mailing that ended, was cancelled or deleted; whether more is left to do.

    What is on the wire keeps the mailing unsettled until its outcome is recorded.
    """
    more = [_chunk(mailing, now) for mailing in _over(now)]
    return any(more)


def _over(now: datetime) -> list[Any]:
    look_again()
    stopped = or_(Mailing.cancelled_at.is_not(None), Mailing.deleted_at.is_not(None))
    enrolled = and_(Mailing.enrolled_at.is_not(None), Mailing.id.not_in(select(EnrolmentSpan.mailing_id)))
    ended = and_(Mailing.ends_at <= now, enrolled)
    statement = select(Mailing.id, stopped.label("stopped"), Mailing.deleted_at)
    return list(db.session.execute(statement.where(Mailing.settled_at.is_(None), or_(stopped, ended))))


def _chunk(mailing: Any, now: datetime) -> bool:
    status = Status.CANCELLED if mailing.stopped else Status.EXPIRED
    reason = (
        "mailing_ended" if not mailing.stopped else "mailing_deleted" if mailing.deleted_at else "mailing_cancelled"
    )
    moves = Moves()
    with transaction() as session:
        if not _still_over(session, mailing.id, now):
            return False
        # Those that the gateway may have taken keep the reason why nobody knows.
        unknown = _end(session, mailing.id, Message.unknown, {"status": Status.UNCERTAIN})
        certain = _end(session, mailing.id, ~Message.unknown, {"status": status, "reason": reason})
        for row in (*unknown, *certain):
            moves.one(row, Status.PENDING)
        moves.write(session)
        after_commit(session, lambda: endings.tell([*unknown, *certain]))
        if not unknown and not certain:
            _close(session, mailing.id, now)
            return False
        return True


def _still_over(session: Session, mailing_id: int, now: datetime) -> bool:
    """Whether nobody moved the end meanwhile; from here on nobody can until the transaction ends, nor adds a message:
    who was enrolling when the mailing was stopped is waited for.
    """
    mailing = select(Mailing.id).where(Mailing.id == mailing_id, over(now)).with_for_update(of=Mailing, key_share=True)
    if session.scalar(mailing) is None:
        return False
    session.execute(in_order(EnrolmentSpan.upto, EnrolmentSpan.mailing_id == mailing_id))
    return True


def _end(session: Session, mailing_id: int, which: Any, values: dict[str, Any]) -> Sequence[Any]:
    waiting = (
        select(Message.id)
        .where(Message.mailing_id == mailing_id, Message.is_in(Status.PENDING), which)
        .limit(MESSAGES_A_CHUNK)
        .with_for_update(skip_locked=True)
    )
    ended = update(Message).where(Message.id.in_(waiting)).values(values).returning(Message.id, *COUNTED)
    return session.execute(ended.execution_options(synchronize_session=False)).all()


def _close(session: Session, mailing_id: int, now: datetime) -> None:
    """Nothing waits any more; when nothing is on the wire either, the mailing is settled for good."""
    done = select(Tally.mailing_id).where(Tally.mailing_id == mailing_id, Tally.pending == 0, Tally.sending == 0)
    settled = update(Mailing).where(Mailing.id == mailing_id, Mailing.id.in_(done)).values(settled_at=now)
    if changed(session, settled):
        after_commit(session, lambda: log.info("mailing settled", extra={"mailing_id": mailing_id}))
