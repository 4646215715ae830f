"""Withdrawing what waits for clients who are not to be written to any more."""

from collections.abc import Collection

from sqlalchemy import case, literal, update
from sqlalchemy.orm import Session

from mailing_app import endings
from mailing_app.db import after_commit, in_order
from mailing_app.figures import COUNTED, Moves
from mailing_app.models import Message, Status


def withdraw(session: Session, client_ids: Collection[int], reason: str, moves: Moves) -> None:
    """End the clients' waiting messages. One that is on the wire ends when its outcome is recorded."""
    waiting = in_order(Message.id, Message.client_id.in_(client_ids), Message.is_in(Status.PENDING))
    uncertain, cancelled = (literal(end, Message.status.type) for end in (Status.UNCERTAIN, Status.CANCELLED))
    ended = (
        update(Message)
        .where(Message.id.in_(waiting))
        .values(status=case((Message.unknown, uncertain), else_=cancelled), reason=reason)
        .returning(Message.id, *COUNTED)
        .execution_options(synchronize_session=False)
    )
    rows = session.execute(ended).all()
    for row in rows:
        moves.one(row, Status.PENDING)
    after_commit(session, lambda: endings.tell(rows))
