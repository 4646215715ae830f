"""Sending again to those whom a mailing that is over has not reached."""

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from mailing_app.db import db
from mailing_app.errors import N_, Refused
from mailing_app.mailings.audience import check_family_kept, conditions
from mailing_app.mailings.planning import locked
from mailing_app.models import Client, Mailing


class Unreached(NamedTuple):
    """How many a mailing has not reached: for certain, and perhaps."""

    certain: int
    uncertain: int


def unreached(mailing_id: int) -> Unreached:
    """Whom a remainder of this mailing would be for, erased and opted-out clients left out; counted, so not for every
    look."""
    certain, all_ = (
        int(db.session.scalar(select(func.count(Client.id)).where(*conditions({}, mailing_id, with_uncertain))) or 0)
        for with_uncertain in (False, True)
    )
    return Unreached(certain, all_ - certain)


def origin(mailing_id: int | None) -> Mailing | None:
    """The mailing whose remainder another one is; None when it was deleted, or when there is none."""
    found = db.session.get(Mailing, mailing_id) if mailing_id else None
    return found if found and not found.deleted_at else None


def remainders(mailing_id: int) -> list[Mailing]:
    """The mailings that went to those whom this one had not reached, the first one first."""
    found = select(Mailing).where(Mailing.remainder_of == mailing_id, Mailing.deleted_at.is_(None))
    return list(db.session.scalars(found.order_by(Mailing.id)))


def check_settled(session: Session, mailing_id: int) -> None:
    """Refused while somebody of the mailing may still be reached by it, and once nobody can say who was."""
    if locked(session, mailing_id).settled_at is None:
        raise Refused(N_("That mailing is not over yet: some of its messages may still arrive."))
    check_family_kept(session, mailing_id)
