"""What of the figures tells of single people."""

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailing_app.db import changed
from mailing_app.figures.moves import Moves
from mailing_app.models import Message


def untag(session: Session, client_ids: Collection[int], moves: Moves) -> None:
    """Let the messages of clients who are erased tell no tag: where it was theirs alone, it would name them."""
    tagged = select(Message.id, Message.mailing_id, Message.status, Message.enrolled_tag).where(
        Message.client_id.in_(client_ids), Message.enrolled_tag != ""
    )
    rows = session.execute(tagged.order_by(Message.id).with_for_update()).all()
    changed(session, update(Message).where(Message.id.in_([row.id for row in rows])).values(enrolled_tag=""))
    for row in rows:
        moves.retag(row.mailing_id, row.status, row.enrolled_tag)
