"""The tables of who sends, and of what is known of the gateway."""

from datetime import datetime

from sqlalchemy import Index, Integer, String, false
from sqlalchemy.orm import Mapped, mapped_column

from mailing_app.db import Moment, db
from mailing_app.models.kinds import Hold, Id, one_of


class Dispatcher(db.Model):
    """A process that sends. Its beat is a counter, so that nobody's clock has to be trusted."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int] = mapped_column(Id)
    process_began: Mapped[str] = mapped_column(String(32))
    """Tells a process from a later one under the same number."""
    beat: Mapped[int] = mapped_column(Id, default=0)
    started_at: Mapped[datetime] = mapped_column(Moment)
    beat_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)
    in_flight: Mapped[int] = mapped_column(Integer, default=0)
    seats: Mapped[int] = mapped_column(Integer, default=0)
    allowed: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How many of the seats may be taken just now: fewer while the gateway chokes."""
    breaker: Mapped[str] = mapped_column(String(16), default="closed")
    flapping: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the gateway fails so often that repeats are kept to a small share of the calls."""


class GatewayState(db.Model):
    """What all dispatchers know together of the gateway: one row."""

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    hold: Mapped[Hold | None] = mapped_column(one_of(Hold, "hold"))
    held_at: Mapped[datetime | None] = mapped_column(Moment)
    held_under: Mapped[str] = mapped_column(String(64), default="")
    """Fingerprint of address and token in force when the hold began: others than these lift it."""
    detail: Mapped[str] = mapped_column(String(300), default="")
    probe_at: Mapped[datetime | None] = mapped_column(Moment)
    wait_until: Mapped[datetime | None] = mapped_column(Moment)
    """Before then the gateway asked not to be called."""
    tokens: Mapped[float] = mapped_column(default=0.0)
    """What is left in the bucket of GATEWAY_RATE."""
    tokens_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the bucket was last filled, by the database's own clock."""


class Traffic(db.Model):
    """How many attempts of a minute came to what, and how long they took: a histogram, moved as they are recorded.

    A row of its own for each dispatcher, so that none waits for another.
    """

    __table_args__ = (Index(None, "mailing_id", "minute_at"),)

    minute_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    dispatcher_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    outcome: Mapped[str] = mapped_column(String(32), primary_key=True)
    up_to: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    """Milliseconds: the upper bound of the class that the attempts fall into."""
    number: Mapped[int] = mapped_column(Integer)


class RawAnswer(db.Model):
    """The gateway's latest answers as they came, secrets masked: a few places for each dispatcher, used in turn."""

    dispatcher_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    came_at: Mapped[datetime] = mapped_column(Moment)
    message_id: Mapped[int] = mapped_column(Id)
    outcome: Mapped[str] = mapped_column(String(32))
    http_status: Mapped[int | None] = mapped_column(Integer)
    milliseconds: Mapped[int] = mapped_column(Integer)
    excerpt: Mapped[str] = mapped_column(String(1000))


class GatewayEvent(db.Model):
    """A turn in the gateway's weather: a hold began or was lifted, a breaker opened or closed, a wait was asked for."""

    __table_args__ = (Index(None, "turned_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    turned_at: Mapped[datetime] = mapped_column(Moment)
    dispatcher_id: Mapped[int | None] = mapped_column(Id)
    """Whose breaker it was; none for what binds all."""
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(String(300), default="")
