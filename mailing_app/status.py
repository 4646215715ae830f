"""How the sending stands right now: who sends, how much waits, and what holds the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from mailing_app.db import db
from mailing_app.models import Dispatcher, GatewayState, Tally
from mailing_app.pulse import SILENT_AFTER

BREAKERS = ("open", "half_open", "closed")
"""The states of a dispatcher's circuit breaker, the one that lets the least through first."""


@dataclass(frozen=True)
class Standing:
    """`dispatchers` are those that have not said goodbye, `alive` those of them that were heard of lately; `backlog` is
    every message that waits to be sent."""

    dispatchers: Sequence[Dispatcher]
    alive: Sequence[Dispatcher]
    backlog: int
    gateway: GatewayState | None

    @property
    def in_flight(self) -> int:
        """The requests on their way to the gateway."""
        return sum(dispatcher.in_flight for dispatcher in self.alive)

    @property
    def allowed(self) -> int:
        """How many may be on their way just now."""
        return sum(dispatcher.allowed for dispatcher in self.alive)

    @property
    def seats(self) -> int:
        """How many there may be at most."""
        return sum(dispatcher.seats for dispatcher in self.alive)

    @property
    def breaker(self) -> str:
        """Of several breakers the one that lets the least through; empty when nobody is alive."""
        return min((dispatcher.breaker for dispatcher in self.alive), key=BREAKERS.index, default="")

    @property
    def flaps(self) -> bool:
        """Whether the gateway fails so often that repeats are kept to a small share of the calls."""
        return any(dispatcher.flapping for dispatcher in self.alive)

    def runs_free(self, now: datetime) -> bool:
        """Whether nothing is known that holds the sending of all mailings back."""
        held = self.gateway and (self.gateway.hold or (self.gateway.wait_until and self.gateway.wait_until > now))
        return not held and self.breaker == "closed" and not self.flaps and not self.is_narrowed

    @property
    def is_narrowed(self) -> bool:
        """Whether a slow gateway keeps requests waiting: fewer are allowed than there are seats, and all are taken.

        A dispatcher begins with few and idles with as many as it last needed, which says nothing of the gateway.
        """
        return any(0 < each.allowed < each.seats and each.in_flight >= each.allowed for each in self.alive)


def standing(now: datetime) -> Standing:
    """How the sending stands at that moment. All of it is read from a few rows, nothing is counted."""
    dispatchers = _dispatchers()
    return Standing(
        dispatchers=dispatchers,
        alive=[dispatcher for dispatcher in dispatchers if is_alive(dispatcher, now)],
        backlog=int(db.session.scalar(select(func.coalesce(func.sum(Tally.pending), 0))) or 0),
        gateway=db.session.get(GatewayState, 1, populate_existing=True),
    )


def is_alive(dispatcher: Dispatcher, now: datetime) -> bool:
    """Whether a dispatcher was heard of lately and has not said goodbye."""
    return dispatcher.left_at is None and now - dispatcher.beat_at <= SILENT_AFTER


def _dispatchers() -> Sequence[Dispatcher]:
    return db.session.scalars(select(Dispatcher).filter_by(left_at=None).order_by(Dispatcher.id)).all()
