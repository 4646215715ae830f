"""Who belongs to a mailing: the one condition by which it is counted beforehand and enrolled in the end."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from mailing_app import clients
from mailing_app.db import in_order
from mailing_app.errors import N_, Refused
from mailing_app.models import Client, Inquiry, Mailing, Message, Status, Word

MISSED = (Status.FAILED, Status.EXPIRED, Status.CANCELLED)
"""The ends of messages that reached nobody, for certain."""

NEVER_CAME = and_(
    Message.is_in(Status.UNCERTAIN),
    exists().where(Inquiry.message_id == Message.id, Inquiry.word == Word.NEVER_CAME).correlate(Message),
)
"""Whether the gateway says of an uncertain message that it never came: nothing was sent since, or the word is gone."""

ARCHIVED = N_("The messages of this mailing, or of one that it belongs to, are archived: nobody is sent to again.")


def conditions(
    chosen: Mapping[str, list[str]],
    remainder_of: int | None = None,
    with_uncertain: bool = False,
    only_client_id: int | None = None,
    own_id: int | None = None,
) -> list[Any]:
    """The conditions under which a client is in the audience; `chosen` is the mailing's filter."""
    return [*clients.matching(chosen), *narrowing(remainder_of, with_uncertain, only_client_id, own_id)]


def narrowing(
    remainder_of: int | None = None,
    with_uncertain: bool = False,
    only_client_id: int | None = None,
    own_id: int | None = None,
) -> list[Any]:
    """What the audience is narrowed by beside the filter.

    `own_id` is the mailing itself, where it has one already: its own messages keep nobody from it.
    """
    only = [Client.id == only_client_id] if only_client_id is not None else []
    return only if remainder_of is None else [*only, *_remainder(remainder_of, with_uncertain, own_id)]


def of(mailing: Mailing) -> list[Any]:
    """The conditions of a mailing that is stored."""
    return conditions(
        mailing.filter, mailing.remainder_of, mailing.with_uncertain, mailing.only_client_id, own_id=mailing.id
    )


def opted_out(mailing: Mailing, *span: Any) -> int:
    """How many more would be in the audience of a stored mailing, had they not opted out; `span` are more conditions.

    A test names its client, and whoever opted out cannot be named.
    """
    narrowed = narrowing(mailing.remainder_of, mailing.with_uncertain, mailing.only_client_id, mailing.id)
    return clients.opted_out_of(mailing.filter, *narrowed, *span)


def lock_family(session: Session, mailing_id: int) -> None:
    """Until the transaction ends nobody else adds to the audience of any mailing of its family: each of them leaves out
    whom the others have, and sees only what was committed. A mailing without kin is not locked.
    """
    its_own = and_(Mailing.id == mailing_id, Mailing.remainder_of.is_not(None))
    has_kin = select(Mailing.id).where(or_(Mailing.remainder_of == mailing_id, its_own)).limit(1)
    if session.scalar(has_kin) is not None:
        session.execute(in_order(Mailing.id, Mailing.id.in_(select(_family(mailing_id).c.id))))


def is_family_settled(session: Session, mailing_id: int, before: datetime) -> bool:
    """Whether this mailing and all others of its family had found their end before then: none needs to know whom the
    others reached."""
    unsettled = or_(Mailing.settled_at.is_(None), Mailing.settled_at > before)
    kin = Mailing.id.in_(select(_family(mailing_id).c.id))
    return session.scalar(select(Mailing.id).where(kin, unsettled).limit(1)) is None


def check_family_kept(session: Session, mailing_id: int) -> None:
    """Refused where the messages of any mailing of the family are archived: nobody could say whom they reached."""
    kin = Mailing.id.in_(select(_family(mailing_id).c.id))
    if session.scalar(select(Mailing.id).where(kin, Mailing.archived_at.is_not(None)).limit(1)) is not None:
        raise Refused(ARCHIVED)


def taken_elsewhere(mailing_id: int) -> ColumnElement[bool]:
    """Whether another mailing of its family has reached the client, or is about to."""
    return _in_family(mailing_id, mailing_id, Message.status.in_((Status.PENDING, Status.SENDING, Status.SENT)))


def _remainder(origin: int, with_uncertain: bool, own_id: int | None) -> list[ColumnElement[bool]]:
    """Missed by the origin, and neither reached nor waited for by any other mailing of the family.

    Without the second, two remainders of one mailing would write twice to those whom the first one reached.
    """
    doubtful = Message.is_in(Status.UNCERTAIN) if with_uncertain else NEVER_CAME
    missed = or_(Message.status.in_(MISSED), doubtful)
    return [
        exists().where(Message.client_id == Client.id, Message.mailing_id == origin, missed),
        ~_in_family(origin, own_id, ~missed),
    ]


def _in_family(origin: int, own_id: int | None, which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the client has such a message of another mailing of the family."""
    others = (Message.mailing_id.in_(select(_family(origin).c.id)), Message.mailing_id.is_distinct_from(own_id))
    return exists().where(Message.client_id == Client.id, *others, which).correlate(Client)


def _family(origin: int) -> CTE:
    """Everything that the origin is the remainder of, and every remainder of those."""
    # Nested: an INSERT that begins with its WITH touches -1 rows to Python's driver of SQLite.
    family = (
        select(Mailing.id, Mailing.remainder_of).where(Mailing.id == origin).cte("family", recursive=True, nesting=True)
    )
    kin = or_(Mailing.remainder_of == family.c.id, Mailing.id == family.c.remainder_of)
    return family.union(select(Mailing.id, Mailing.remainder_of).join(family, kin))
