"""Asking the gateway about uncertain messages: what was asked, and what it said. A dispatcher carries it out."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from flask import current_app
from sqlalchemy import String, and_, delete, func, select
from sqlalchemy.orm import Session, joinedload

from mailing_app import audit, clock
from mailing_app.batches import Upsert
from mailing_app.db import Moment, db, transaction
from mailing_app.errors import N_, Refused
from mailing_app.mailings.planning import get
from mailing_app.models import Action, Attempt, Id, Inquiry, Message, Status, Word
from mailing_app.paging import Page, page

MOST_AT_ONCE = 5_000
"""How many messages are asked about at one request, those that nobody asked about yet first."""

_ASKED: dict[str, Any] = {"actor_kind": String(), "actor": String(), "asked_at": Moment(), "detail": String()}
_UNANSWERED = {"try_at": None, "answered_at": None, "word": None, "http_status": None}
_asked = Upsert(
    Inquiry, ["message_id"], lambda new: {name: new[name] for name in _ASKED} | _UNANSWERED,
    where=Inquiry.answered_at.is_not(None), message_id=Id, **_ASKED,
)  # fmt: skip


class Standing(NamedTuple):
    """How many of a mailing's uncertain messages the gateway is being asked about, and what it said of others."""

    asked: int
    never_came: int
    nothing: int


class Doubtful(NamedTuple):
    """An uncertain message, its last attempt, and what was asked about it."""

    message: Message
    attempt: Attempt | None
    inquiry: Inquiry | None


def ask(mailing_id: int, message_ids: Collection[int] | None = None) -> int:
    """Have the gateway asked about the uncertain messages of a mailing, or those of them; how many are asked about now.

    What is being asked about already stays as it is, so a second click changes nothing. Refused where the gateway has
    no answer to that.
    """
    get(mailing_id)
    if not current_app.config["SETTINGS"].looks_up:
        raise Refused(N_("The gateway offers no way to ask what became of a message."))
    with transaction() as session:
        who = audit.actor()
        asked = {"actor_kind": who.kind.value, "actor": who.name, "asked_at": clock.now(), "detail": ""}
        wanted = session.scalars(_to_ask(mailing_id, message_ids)).all()
        number = len(_asked.put(session, [{"message_id": message_id} | asked for message_id in wanted]))
        if number:
            audit.note(session, Action.GATEWAY_ASKED, mailing_id=mailing_id, messages=number)
        return number


def doubtful(mailing_id: int, limit: int = 50, after: int | None = None) -> Page:
    """A page of a mailing's uncertain messages, in the order of its clients."""
    uncertain = select(Message).where(Message.mailing_id == mailing_id, Message.is_in(Status.UNCERTAIN))
    found = page(uncertain.options(joinedload(Message.client)), Message.client_id, after, limit)
    attempts, inquiries = _last_attempts(found.items), _inquiries(found.items)
    items = [Doubtful(each, attempts.get(each.id), inquiries.get(each.id)) for each in found.items]
    return found._replace(items=items)


def standing(mailing_id: int) -> Standing:
    """How the asking stands; counted among the messages that are uncertain, so not for every look."""
    said = select(Inquiry.word, func.count()).join(Message, Message.id == Inquiry.message_id)
    uncertain = (Message.mailing_id == mailing_id, Message.is_in(Status.UNCERTAIN))
    number = dict(db.session.execute(said.where(*uncertain).group_by(Inquiry.word)).all())
    return Standing(number.get(None, 0), number.get(Word.NEVER_CAME, 0), number.get(Word.NOTHING, 0))


def forget(session: Session, message_ids: Iterable[int]) -> None:
    """Forget what was asked about messages and what was said."""
    session.execute(delete(Inquiry).where(Inquiry.message_id.in_(list(message_ids))))


def inquiry(message_id: int) -> Inquiry | None:
    """What was asked about a message, if anything was."""
    return db.session.get(Inquiry, message_id)


def _to_ask(mailing_id: int, message_ids: Collection[int] | None) -> Any:
    uncertain = (Message.mailing_id == mailing_id, Message.is_in(Status.UNCERTAIN))
    which = () if message_ids is None else (Message.id.in_(message_ids),)
    being_asked = and_(Inquiry.message_id.is_not(None), Inquiry.answered_at.is_(None))
    found = select(Message.id).outerjoin(Inquiry, Inquiry.message_id == Message.id).where(*uncertain, *which)
    unasked_first = (Inquiry.answered_at.is_not(None), Inquiry.answered_at, Message.id)
    return found.where(~being_asked).order_by(*unasked_first).limit(MOST_AT_ONCE)


def _last_attempts(messages: Sequence[Message]) -> dict[int, Attempt]:
    tried = select(Attempt).where(Attempt.message_id.in_([each.id for each in messages])).order_by(Attempt.epoch)
    return {attempt.message_id: attempt for attempt in db.session.scalars(tried)}


def _inquiries(messages: Sequence[Message]) -> dict[int, Inquiry]:
    asked = select(Inquiry).where(Inquiry.message_id.in_([each.id for each in messages]))
    return {each.message_id: each for each in db.session.scalars(asked)}
