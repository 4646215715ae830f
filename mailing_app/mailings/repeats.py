"""A program's request to plan a mailing that comes again under its Idempotency-Key: it plans one mailing."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.db import changed, db, in_order, insert, transaction
from mailing_app.errors import N_, AtWork, Invalid
from mailing_app.mailings.planning import new
from mailing_app.models import KeptAnswer, Mailing, RequestAtWork

KEPT_FOR = timedelta(hours=24)
"""How long a key stands for its first answer; after that it is new again."""

DEAD_AFTER = timedelta(minutes=1)
"""When nobody is at work under a key any more: planning takes milliseconds, and no more than 10 s in the worst case."""

SWEPT_AT_ONCE = 1000
"""How many answers that are too old go at a time: more than come, and too few to be waited for."""

Answer = dict[str, Any]


def add_once(key: str, token_id: int, request_hash: str, answer: Callable[[Mailing], Answer], **values: Any) -> Answer:
    """Plan a mailing unless this token did so under this key in the last 24 hours; the first answer in either case.

    AtWork while the first request is being carried out, Invalid when the key came with another body. Key, mailing
    and answer are stored in one transaction, and the table lets a key in once: nothing else keeps it from
    being planned twice, above all not the reservation, which dies with its process.
    """
    try:
        _reserve(key, token_id)
        try:
            return _planned(key, token_id, request_hash, answer, values)
        except BaseException:
            _release(key, token_id)
            raise
    except _Repeated:
        return _first_answer(key, token_id, request_hash)


def forget_answers(now: datetime) -> None:
    """Forget the answers whose day is over: each holds the text of a mailing."""
    with transaction() as session:
        old = in_order(KeptAnswer.id, KeptAnswer.created_at <= now - KEPT_FOR).limit(SWEPT_AT_ONCE)
        session.execute(delete(KeptAnswer).where(KeptAnswer.id.in_(old)))


class _Repeated(Exception):
    """The key was used before."""


def _reserve(key: str, token_id: int) -> None:
    """Say that this request is at work, for all to see before the work begins."""
    now = clock.now()
    with transaction() as session:
        _make_way(session, key, token_id, now)
        reservation = insert(RequestAtWork).values(token_id=token_id, key=key, began_at=now)
        reserved = changed(session, reservation.on_conflict_do_nothing())
        # Only now: whoever was at work until this moment has left his answer.
        if session.scalars(select(KeptAnswer.id).filter_by(token_id=token_id, key=key)).one_or_none():
            raise _Repeated
        if not reserved:
            raise AtWork(N_("A request with this key is being carried out. Ask again in a moment."))


def _planned(
    key: str, token_id: int, request_hash: str, answer: Callable[[Mailing], Answer], values: dict[str, Any]
) -> Answer:
    with transaction({"uq_kept_answer_token_id_key": _Repeated}) as session:
        kept = KeptAnswer(token_id=token_id, key=key, request_hash=request_hash, answer={}, created_at=clock.now())
        session.add(kept)
        session.flush()
        mailing = new(session, values)
        kept.mailing_id, kept.answer = mailing.id, answer(mailing)
        session.flush()
        # Last, since whoever comes with the key waits from here to the end instead of being told.
        session.execute(_reservation(key, token_id))
    return kept.answer


def _release(key: str, token_id: int) -> None:
    with transaction() as session:
        session.execute(_reservation(key, token_id))


def _reservation(key: str, token_id: int) -> Any:
    return delete(RequestAtWork).where(RequestAtWork.token_id == token_id, RequestAtWork.key == key)


def _make_way(session: Session, key: str, token_id: int, now: datetime) -> None:
    """Remove what is too old: the answer under this key, and reservations of the dead."""
    old = KeptAnswer.created_at <= now - KEPT_FOR
    session.execute(delete(KeptAnswer).where(KeptAnswer.token_id == token_id, KeptAnswer.key == key, old))
    session.execute(delete(RequestAtWork).where(RequestAtWork.began_at <= now - DEAD_AFTER))


def _first_answer(key: str, token_id: int, request_hash: str) -> Answer:
    kept = db.session.scalars(select(KeptAnswer).filter_by(token_id=token_id, key=key)).one()
    if kept.request_hash != request_hash:
        raise Invalid({"Idempotency-Key": [N_("This key came before with another body.")]})
    answer: Answer = kept.answer
    return answer
