"""The meter: every attempt counted once into the histogram of its minute, in the transaction that records it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Session

from mailing_app import traffic
from mailing_app.db import Moment, Upsert
from mailing_app.dispatch.parts import Delivery
from mailing_app.models import Id, Traffic

_KEY: dict[str, Any] = {
    "minute_at": Moment(), "mailing_id": Id, "dispatcher_id": Id, "outcome": String(), "up_to": Integer(),
}  # fmt: skip
_COLUMNS = (*_KEY, "number")
_counts = Upsert(Traffic, list(_KEY), lambda more: {"number": Traffic.number + more.number}, **_KEY, number=Integer())


def count(session: Session, deliveries: Iterable[Delivery]) -> None:
    """Add the attempts to the histogram: a row for each class that they fall into, in one statement."""
    counted = Counter(map(_class, deliveries))
    if not counted:
        return
    _counts.put(session, [dict(zip(_COLUMNS, (*key, number), strict=True)) for key, number in sorted(counted.items())])


def _class(delivery: Delivery) -> tuple[Any, ...]:
    envelope, answer = delivery.envelope, delivery.answer
    up_to = traffic.class_of(answer.ended_at - answer.began_at)
    minute_at, outcome = traffic.minute_of(answer.ended_at), delivery.verdict.outcome.value
    return minute_at, envelope.mailing_id, envelope.dispatcher_id, outcome, up_to
