"""Withdrawing what waits for clients who are not to be written to any more."""

from collections import Counter, defaultdict
from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.orm import Session

from mailing_app.models import Message, Status, Tally


def withdraw(session: Session, client_ids: Collection[int], reason: str) -> None:
    """End the clients' waiting messages. One that is on the wire ends when its outcome is recorded.

    It moves figures, so it comes last in a transaction: who records outcomes locks messages first and figures after.
    """
    waiting = update(Message).where(Message.client_id.in_(client_ids), Message.status == Status.PENDING)
    ends = [
        (waiting.where(Message.unknown), Status.UNCERTAIN),
        (waiting.where(~Message.unknown), Status.CANCELLED),
    ]
    moves: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for statement, status in ends:
        ended = statement.values(status=status, reason=reason).returning(Message.mailing_id)
        for mailing_id in session.scalars(ended.execution_options(synchronize_session=False)):
            moves[mailing_id].update({status.value: 1, Status.PENDING.value: -1})
    # Mailings in the order of their ids, against deadlocks.
    for mailing_id, moved in sorted(moves.items()):
        changes = {name: getattr(Tally, name) + number for name, number in moved.items()}
        session.execute(update(Tally).where(Tally.mailing_id == mailing_id).values(changes))
