"""The clients most often not reached."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select

from mailing_app.db import db
from mailing_app.models import Client, Misses


class Missed(NamedTuple):
    """A client, and how many messages to her ended without reaching her."""

    client_id: int
    phone: str | None
    number: int
    """The sum of the three."""
    failed: int
    expired: int
    uncertain: int


def most_missed(limit: int = 50) -> Sequence[Missed]:
    """The clients whom most messages did not reach, these first; not those who were erased."""
    columns = (Client.id, Client.phone, Misses.number, Misses.failed, Misses.expired, Misses.uncertain)
    missed = select(*columns).join(Misses).where(Misses.number > 0, Client.erased_at.is_(None))
    in_order = missed.order_by(Misses.number.desc(), Misses.client_id.desc())
    return [Missed(*row) for row in db.session.execute(in_order.limit(limit))]
