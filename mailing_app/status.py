"""How the sending stands right now: who sends, how much waits, and what holds the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from mailing_app.db import db
from mailing_app.models import Dispatcher, GatewayState, Tally

SILENT_AFTER = timedelta(seconds=15)
"""A dispatcher that has not been heard of for longer counts as gone."""


@dataclass(frozen=True)
class Standing:
    """`dispatchers` are those that have not said goodbye; `backlog` is every message that waits to be sent."""

    dispatchers: Sequence[Dispatcher]
    in_flight: int
    backlog: int
    gateway: GatewayState | None


def standing(now: datetime) -> Standing:
    """How the sending stands at that moment. All of it is read from a few rows, nothing is counted."""
    dispatchers = _dispatchers()
    return Standing(
        dispatchers=dispatchers,
        in_flight=sum(dispatcher.in_flight for dispatcher in dispatchers if is_alive(dispatcher, now)),
        backlog=int(db.session.scalar(select(func.coalesce(func.sum(Tally.pending), 0))) or 0),
        gateway=db.session.get(GatewayState, 1),
    )


def is_alive(dispatcher: Dispatcher, now: datetime) -> bool:
    """Whether a dispatcher was heard of lately and has not said goodbye."""
    return dispatcher.left_at is None and now - dispatcher.beat_at <= SILENT_AFTER


def _dispatchers() -> Sequence[Dispatcher]:
    return db.session.scalars(select(Dispatcher).filter_by(left_at=None).order_by(Dispatcher.id)).all()
