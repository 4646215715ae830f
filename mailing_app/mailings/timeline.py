"""What became of a message, step by step, in the order in which it happened."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from mailing_app import local_time
from mailing_app.db import db
from mailing_app.mailings.messages import numbered
from mailing_app.models import Attempt, GatewayEvent, Message, Status

MOST_EVENTS = 20
"""How many turns of the gateway's weather are told beside one message."""


class Kind(StrEnum):
    """What a step tells of."""

    ENROLLED = "enrolled"
    WINDOW = "window"
    """Waited for the mailing's hours of the day by the client's clock."""
    WEATHER = "weather"
    ATTEMPT = "attempt"
    WAITS = "waits"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """One step; `at` is None where nobody wrote the moment down."""

    kind: Kind
    at: datetime | None
    until: datetime | None = None
    number: int = 0
    attempt: Attempt | None = None
    event: GatewayEvent | None = None


def timelines(messages: Sequence[Message], now: datetime) -> dict[int, list[Step]]:
    """The steps of each message by its id."""
    attempts = defaultdict(list)
    tried = select(Attempt).where(Attempt.message_id.in_([message.id for message in messages])).order_by(Attempt.epoch)
    for attempt in db.session.scalars(tried):
        attempts[attempt.message_id].append(attempt)
    return {
        message.id: steps(message, attempts[message.id], _weather(message, attempts[message.id], now), now)
        for message in messages
    }


def steps(message: Message, attempts: Sequence[Attempt], events: Sequence[GatewayEvent], now: datetime) -> list[Step]:
    """The steps of a message, from what is known of it; pure."""
    happened = [Step(Kind.WEATHER, event.turned_at, event=event) for event in events]
    happened += [Step(Kind.ATTEMPT, _began(each), number=number, attempt=each)
                 for number, each in numbered(message.attempts, attempts)]  # fmt: skip
    happened.sort(key=lambda step: step.at or now)
    first = [Step(Kind.ENROLLED, message.created_at), *_window(message, attempts)]
    return [*first, *happened, _last(message, attempts)]


def _window(message: Message, attempts: Sequence[Attempt]) -> list[Step]:
    """The wait for the client's own hours: by the zone of now, so nothing is told that an attempt contradicts."""
    window, began = message.mailing.window, max(message.created_at, message.mailing.starts_at)
    if window is None:
        return []
    opening = local_time.next_opening(window, message.client.timezone, began)
    contradicted = any((began_at := _began(each)) and began_at < opening for each in attempts)
    return [] if opening == began or contradicted else [Step(Kind.WINDOW, began, until=opening)]


def _last(message: Message, attempts: Sequence[Attempt]) -> Step:
    if message.status is Status.PENDING:
        return Step(Kind.WAITS, None, until=message.due_at)
    return Step(Kind.ENDED, _ended_at(message, attempts))


def _ended_at(message: Message, attempts: Sequence[Attempt]) -> datetime | None:
    """An end without an attempt is written down with what brought it about."""
    known = {
        "mailing_ended": message.mailing.ends_at,
        "mailing_cancelled": message.mailing.cancelled_at,
        "mailing_deleted": message.mailing.deleted_at,
        "client_opted_out": message.client.opted_out_at,
        "client_erased": message.client.erased_at,
    }
    if message.status is Status.SENDING:
        return None
    return known[message.reason] if message.reason in known else attempts[-1].ended_at if attempts else None


def _began(attempt: Attempt) -> datetime | None:
    return attempt.started_at or attempt.ended_at


def _weather(message: Message, attempts: Sequence[Attempt], now: datetime) -> Sequence[GatewayEvent]:
    """What turned while the message waited: up to its last attempt, or to now while it still waits."""
    waits = message.status in (Status.PENDING, Status.SENDING) or not attempts
    until = min(now, message.mailing.ends_at) if waits else _began(attempts[-1])
    turned = select(GatewayEvent).where(GatewayEvent.turned_at.between(message.created_at, until))
    return db.session.scalars(turned.order_by(GatewayEvent.turned_at).limit(MOST_EVENTS)).all()
