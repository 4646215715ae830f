"""Withdrawing what waits for clients who are not to be written to any more."""

from collections import Counter, defaultdict
from collections.abc import Collection

from sqlalchemy import case, literal, update
from sqlalchemy.orm import Session

from mailing_app.db import in_order
from mailing_app.models import Message, Status, Tally


def withdraw(session: Session, client_ids: Collection[int], reason: str) -> None:
    """End the clients' waiting messages. One that is on the wire ends when its outcome is recorded.

    It moves figures, so it comes last in a transaction: who records outcomes locks messages first and figures after.
    """
    waiting = in_order(Message.id, Message.client_id.in_(client_ids), Message.status == Status.PENDING)
    uncertain, cancelled = (literal(end, Message.status.type) for end in (Status.UNCERTAIN, Status.CANCELLED))
    ended = (
        update(Message)
        .where(Message.id.in_(waiting))
        .values(status=case((Message.unknown, uncertain), else_=cancelled), reason=reason)
        .returning(Message.mailing_id, Message.status)
        .execution_options(synchronize_session=False)
    )
    moves: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for row in session.execute(ended):
        moves[row.mailing_id].update({row.status.value: 1, Status.PENDING.value: -1})
    # Mailings in the order of their ids, against deadlocks.
    for mailing_id, moved in sorted(moves.items()):
        changes = {name: getattr(Tally, name) + number for name, number in moved.items()}
        session.execute(update(Tally).where(Tally.mailing_id == mailing_id).values(changes))
