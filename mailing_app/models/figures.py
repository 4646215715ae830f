"""The tables of figures: all of them are moved in the very transaction that moves what they count."""

from sqlalchemy import ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from mailing_app.db import db
from mailing_app.models.clients import Client
from mailing_app.models.kinds import Id, Trait, one_of
from mailing_app.models.mailings import Mailing


class Breakdown(db.Model):
    """How many messages of a mailing that share a value of a trait stand where: each trait sums up to the tally.

    Code, zone and tag are those that the client had when the audience was fixed. Reasons are of messages that have
    found their end, and not of those sent at once.
    """

    mailing_id: Mapped[int] = mapped_column(ForeignKey(Mailing.id), primary_key=True, autoincrement=False)
    trait: Mapped[Trait] = mapped_column(one_of(Trait, "trait"), primary_key=True)
    value: Mapped[str] = mapped_column(String(100), primary_key=True)
    pending: Mapped[int] = mapped_column(Id, default=0)
    """Without an end as yet: pending or sending."""
    sent: Mapped[int] = mapped_column(Id, default=0)
    failed: Mapped[int] = mapped_column(Id, default=0)
    expired: Mapped[int] = mapped_column(Id, default=0)
    cancelled: Mapped[int] = mapped_column(Id, default=0)
    uncertain: Mapped[int] = mapped_column(Id, default=0)


class Misses(db.Model):
    """How many messages to a client ended without reaching her, but for those that an operator cancelled."""

    __table_args__ = (Index(None, "number", "client_id"),)

    client_id: Mapped[int] = mapped_column(ForeignKey(Client.id), primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    """The sum of the three."""
    failed: Mapped[int] = mapped_column(Integer)
    expired: Mapped[int] = mapped_column(Integer)
    uncertain: Mapped[int] = mapped_column(Integer)


class Meter(db.Model):
    """How many attempts ever came to what, and how long they took: what a monitor counts on.

    A row of its own for each dispatcher, so that none waits for another; those of dispatchers that are gone are added
    up under 0.
    """

    dispatcher_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(32), primary_key=True)
    up_to: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Milliseconds: the upper bound of the class that the attempts fall into."""
    number: Mapped[int] = mapped_column(Id)
    milliseconds: Mapped[int] = mapped_column(Id)
    """All that they took together."""
