"""What an operator decides about messages that may or may not have arrived."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailing_app import audit, clock
from mailing_app.db import transaction
from mailing_app.figures import COUNTED, Moves
from mailing_app.mailings import audience, inquiries
from mailing_app.mailings.controls import check_open
from mailing_app.mailings.planning import locked
from mailing_app.models import Action, Client, Mailing, Message, Status, Word

MESSAGES_A_CHUNK = 2_000


def send_again(mailing_id: int, only_never_came: bool = False) -> Mailing:
    """Make the mailing's uncertain messages due once more, even if some arrive twice; Refused when it is over.

    Each keeps its id and its bytes, so that a gateway which knows it already may say so; its tries are counted anew.
    `only_never_came` means those of which the gateway says so. Clients who were erased or opted out are left alone, and
    those whom a remainder of the mailing took over.
    """
    after, which = 0, [audience.NEVER_CAME] if only_never_came else []
    told: dict[str, Any] = {"only": Word.NEVER_CAME.value} if only_never_came else {}
    while True:
        with transaction() as session:
            audience.lock_family(session, mailing_id)
            mailing = locked(session, mailing_id)
            check_open(mailing)
            audience.check_family_kept(session, mailing_id)
            moves = Moves()
            moved = _requeue(session, mailing_id, which, after, moves)
            mailing.settled_at = None
            session.flush()
            moves.write(session)
            session.refresh(mailing.tally)
            if moved:
                audit.note(session, Action.UNCERTAIN_SENT_AGAIN, mailing_id=mailing_id, messages=len(moved), **told)
        if len(moved) < MESSAGES_A_CHUNK:
            break
        after = max(moved)
    return mailing


def _requeue(session: Session, mailing_id: int, which: Sequence[Any], after: int, moves: Moves) -> Sequence[int]:
    """The next chunk by client id, so that what comes back uncertain at once is not taken a second time.

    Locked before they are moved: somebody may record an acceptance at this very moment.
    """
    uncertain = (
        select(Message.id, Message.reason)
        .join(Client)
        .where(Message.mailing_id == mailing_id, Message.is_in(Status.UNCERTAIN), *which)
        .where(Client.phone.is_not(None), Client.opted_out_at.is_(None))
        .where(Message.client_id > after, ~audience.taken_elsewhere(mailing_id))
        .order_by(Message.client_id)
        .limit(MESSAGES_A_CHUNK)
        .with_for_update(of=Message, skip_locked=True)
    )
    was = {row.id: row.reason for row in session.execute(uncertain)}
    due = (
        update(Message)
        .where(Message.id.in_(was))
        .values(status=Status.PENDING, reason="", tries=0, due_at=clock.now())
        .returning(Message.id, *COUNTED)
        .execution_options(synchronize_session=False)
    )
    moved = session.execute(due).all()
    inquiries.forget(session, was)  # what the gateway said is not true of the attempts to come
    for row in moved:
        moves.one(row, Status.UNCERTAIN, was[row.id])
    return [row.client_id for row in moved]
