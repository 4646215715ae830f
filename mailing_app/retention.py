"""What is kept for so many days and no longer: texts and phones of old messages, forms that nobody fetched,
answers under an Idempotency-Key.

Figures, states, reasons, attempts and moments stay for ever. Several processes at once do no harm.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, or_, select, update

from mailing_app import audit, clock, drafts, mailings
from mailing_app.clients import traces
from mailing_app.db import changed, db, in_order, look_again, transaction
from mailing_app.models import Action, AuditEntry, Draft, Mailing, Message

MESSAGES_A_CHUNK = 500
"""About 15 ms of write lock on SQLite."""

REST = 0.05
"""Seconds between two chunks, in which others may write."""


def work(days: int | None, rest: Callable[[float], Any]) -> int:
    """Forget what is older than so many days, nothing where they are None; how many mailings were forgotten.

    `rest` waits so many seconds, and says whether to leave; what is left then is done another time.
    """
    drafts.sweep(clock.now())
    mailings.forget_answers(clock.now())
    if days is None:
        return 0
    return sum(forget(mailing_id, rest) for mailing_id in _due(clock.now() - timedelta(days=days)))


def forget(mailing_id: int, rest: Callable[[float], Any]) -> bool:
    """Erase the text of a settled mailing and what its messages hold of people; whether that is done.

    First it is marked, so that nobody can wake it up any more, and its text goes last: as long as that is there, others
    go on where somebody was interrupted.
    """
    if not _mark(mailing_id):
        return False
    after: int | None = 0
    while after is not None:
        if rest(REST):
            return False
        after = _forget_messages(mailing_id, after)
    return _forget_text(mailing_id)


def _due(before: datetime) -> Sequence[int]:
    look_again()
    unfinished = (Mailing.forgotten_at.is_(None), Mailing.text != "")
    due = select(Mailing.id).where(Mailing.settled_at <= before, or_(*unfinished)).order_by(Mailing.id)
    return db.session.scalars(due).all()


def _mark(mailing_id: int) -> bool:
    with transaction() as session:
        mailing = session.get_one(Mailing, mailing_id, with_for_update={"of": Mailing}, populate_existing=True)
        if mailing.settled_at is None:
            return False  # somebody has changed it since
        if mailing.forgotten_at is None:
            mailing.forgotten_at = mailing.updated_at = clock.now()
            mailing.version += 1
            told = {"mailing_id": mailing_id, "messages": mailing.tally.recipients}
            audit.note(session, Action.MAILING_FORGOTTEN, **told)
    return True


def _forget_messages(mailing_id: int, after: int) -> int | None:
    """One chunk, by client; behind which client the next one begins, None when there is none."""
    look_again()
    clients = db.session.scalars(_next(Message.client_id, mailing_id, after)).all()
    if not clients:
        return None
    with transaction() as session:
        chunk = (Message.mailing_id == mailing_id, Message.client_id > after, Message.client_id <= clients[-1])
        changed(session, update(Message).where(Message.id.in_(in_order(Message.id, *chunk))).values(_NOBODY))
        traces.take_out_answers(session, select(Message.id).where(*chunk))
    return clients[-1]


def _next(column: Any, mailing_id: int, after: int) -> Select[Any]:
    rest = select(column).where(Message.mailing_id == mailing_id, Message.client_id > after)
    return rest.order_by(Message.client_id).limit(MESSAGES_A_CHUNK)


def _forget_text(mailing_id: int) -> bool:
    """The text, and wherever else it stands: in forms filled from the mailing, and in what the trail tells of edits."""
    with transaction() as session:
        mailing = session.get_one(Mailing, mailing_id, with_for_update={"of": Mailing}, populate_existing=True)
        mailing.text = ""
        if mailing.only_client_id is not None:
            mailing.name = ""  # a test is called as its text begins
        session.execute(delete(Draft).where(Draft.path.like(f"/mailings/{mailing_id}/%")))
        for entry in session.scalars(select(AuditEntry).filter_by(mailing_id=mailing_id)):
            if "text" in entry.details:
                entry.details = entry.details | {"text": ["", ""]}
    return True


_NOBODY = {"phone": None, "operator_code": None, "tag": None}
