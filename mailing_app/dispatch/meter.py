"""The meter: every attempt counted once into the histogram of its minute and into that of all times, in the transaction
that records it.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import Session

from mailing_app import traffic
from mailing_app.batches import Upsert
from mailing_app.db import Moment
from mailing_app.dispatch.parts import Delivery
from mailing_app.models import Id, Meter, Traffic

MILLISECOND = timedelta(milliseconds=1)

_CLASS: dict[str, Any] = {"dispatcher_id": Id, "outcome": String(), "up_to": Integer()}
_KEY: dict[str, Any] = {"minute_at": Moment(), "mailing_id": Id} | _CLASS
_OF_MINUTE, _OF_ALL = (*_KEY, "number"), (*_CLASS, "number", "milliseconds")
_minutes = Upsert(Traffic, list(_KEY), lambda more: {"number": Traffic.number + more.number}, **_KEY, number=Integer())
_ever = Upsert(
    Meter, list(_CLASS),
    lambda more: {name: getattr(Meter, name) + more[name] for name in ("number", "milliseconds")},
    **_CLASS, number=Id, milliseconds=Id,
)  # fmt: skip


def count(session: Session, deliveries: Iterable[Delivery]) -> None:
    """Add the attempts to both histograms: a row for each class that they fall into, a statement for each."""
    of_minute, ever, took = Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]](), Counter[tuple[Any, ...]]()
    for delivery in deliveries:
        envelope, answer = delivery.envelope, delivery.answer
        taken = (answer.ended_at - answer.began_at) / MILLISECOND
        class_ = (envelope.dispatcher_id, delivery.verdict.outcome.value, traffic.class_of(taken))
        of_minute[traffic.minute_of(answer.ended_at), envelope.mailing_id, *class_] += 1
        ever[class_] += 1
        took[class_] += round(taken)
    if ever:
        _minutes.put(session, [dict(zip(_OF_MINUTE, (*key, of_minute[key]), strict=True)) for key in sorted(of_minute)])
        _ever.put(session, [dict(zip(_OF_ALL, (*key, ever[key], took[key]), strict=True)) for key in sorted(ever)])
