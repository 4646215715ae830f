"""The breakdown of a mailing: its messages by what their recipients share, and by what they came to."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select

from mailing_app.db import db
from mailing_app.figures import OF_CLIENTS, PLACES
from mailing_app.models import Breakdown, Mailing, Status, Tally, Trait

MOST_PARTS = 100
"""So many values of a trait are told by themselves: the largest ones; there may be as many tags as clients."""

Parts = Mapping[str | None, Counter[str]]
"""Counts by place for each value of a trait, the largest first; under None all other values together."""


class Outcome(NamedTuple):
    """So many messages have this status for this reason; the reason is empty where none is kept."""

    status: Status
    reason: str
    number: int


def breakdown(mailing: Mailing) -> Mapping[Trait, Parts]:
    """A mailing's messages by operator code, zone and tag, as they were when the audience was fixed."""
    return {trait: _parts(mailing, trait) for trait in OF_CLIENTS}


def by_zone(mailing: Mailing) -> Mapping[str, Counter[str]]:
    """A mailing's messages by zone, every zone by itself: there are no more than a few hundred."""
    return dict(_rows(mailing.id, Trait.TIMEZONE))


def outcomes(mailing: Mailing) -> list[Outcome]:
    """A mailing's messages by status and reason, in the order of the states; they sum up to the tally."""
    told = [
        Outcome(status, reason, counts[status])
        for reason, counts in _rows(mailing.id, Trait.REASON)
        for status in PLACES
        if counts[status]
    ]
    explained = Counter[Status]()
    for status, _, number in told:
        explained[status] += number
    told += [Outcome(status, "", getattr(mailing.tally, status) - explained[status]) for status in Status]
    order = list(Status)
    return sorted((each for each in told if each.number), key=lambda each: (order.index(each.status), -each.number))


def _parts(mailing: Mailing, trait: Trait) -> Parts:
    rows = _rows(mailing.id, trait, MOST_PARTS + 1)
    parts: dict[str | None, Counter[str]] = dict(rows[:MOST_PARTS])
    if len(rows) > MOST_PARTS:
        others = _all(mailing.tally)
        for counts in parts.values():
            others.subtract(counts)
        parts[None] = others
    return parts


def _rows(mailing_id: int, trait: Trait, most: int | None = None) -> list[tuple[str, Counter[str]]]:
    columns: list[Any] = [getattr(Breakdown, place) for place in PLACES]
    total = sum(columns[1:], start=columns[0])
    of_trait = (Breakdown.mailing_id == mailing_id, Breakdown.trait == trait, total > 0)
    rows = select(Breakdown.value, *columns).where(*of_trait).order_by(total.desc(), Breakdown.value).limit(most)
    names = [place.value for place in PLACES]
    return [(value, Counter(dict(zip(names, numbers, strict=True)))) for value, *numbers in db.session.execute(rows)]


def _all(tally: Tally) -> Counter[str]:
    counts = Counter({place.value: getattr(tally, place) for place in PLACES})
    counts[Status.PENDING.value] += tally.sending
    return counts
