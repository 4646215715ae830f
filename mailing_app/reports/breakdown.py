"""The breakdown of a mailing: its messages by what their recipients share, and by what they came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, select, union_all

from mailing_app.db import db, run
from mailing_app.figures import OF_CLIENTS, PLACES
from mailing_app.models import Breakdown, Mailing, Status, Tally, Trait

MOST_PARTS = 100
"""So many values of a trait are told by themselves: the largest ones; there may be as many tags as clients."""

Parts = Mapping[str | None, Counter[str]]
"""Counts by place for each value of a trait, the largest first; under None all other values together."""

Rows = Mapping[Trait, Sequence[tuple[str, Counter[str]]]]
"""For each trait its values and their counts by place, the largest first; one value more than is told is enough."""

_MANY = (Trait.OPERATOR_CODE, Trait.TAG)
"""Traits of which there may be very many values; of zones and reasons there are a few hundred at most, all wanted."""

_NAMES = [place.value for place in PLACES]


class Outcome(NamedTuple):
    """So many messages have this status for this reason; the reason is empty where none is kept."""

    status: Status
    reason: str
    number: int


def read(mailing: Mailing) -> Rows:
    """What is kept of a mailing by each trait, in one way to the database: a report tells all of it."""
    found: dict[Trait, list[tuple[str, Counter[str]]]] = {trait: [] for trait in Trait}
    for trait, value, *numbers in run(db.session(), _reading(), mailing_id=mailing.id, most=MOST_PARTS + 1):
        found[trait].append((value, Counter(dict(zip(_NAMES, numbers, strict=True)))))
    return found


def parts(mailing: Mailing, rows: Rows) -> Mapping[Trait, Parts]:
    """A mailing's messages by operator code, zone and tag, as they were when the audience was fixed."""
    return {trait: _largest(rows[trait], mailing.tally) for trait in OF_CLIENTS}


def outcomes(mailing: Mailing, rows: Rows) -> list[Outcome]:
    """A mailing's messages by status and reason, in the order of the states; they sum up to the tally."""
    told = [
        Outcome(status, reason, counts[status])
        for reason, counts in rows[Trait.REASON]
        for status in PLACES
        if counts[status]
    ]
    explained = Counter[Status]()
    for status, _, number in told:
        explained[status] += number
    told += [Outcome(status, "", getattr(mailing.tally, status) - explained[status]) for status in Status]
    order = list(Status)
    return sorted((each for each in told if each.number), key=lambda each: (order.index(each.status), -each.number))


def _largest(rows: Sequence[tuple[str, Counter[str]]], tally: Tally) -> Parts:
    parts: dict[str | None, Counter[str]] = dict(rows[:MOST_PARTS])
    if len(rows) > MOST_PARTS:
        others = _all(tally)
        for counts in parts.values():
            others.subtract(counts)
        parts[None] = others
    return parts


@cache
def _reading() -> Any:
    """The rows of each trait, the largest first, and no more than `most` where there may be as many as clients."""
    counts: list[Any] = [getattr(Breakdown, place) for place in PLACES]
    total = sum(counts[1:], start=counts[0]).label("total")
    of_it = (Breakdown.mailing_id == bindparam("mailing_id", type_=Breakdown.mailing_id.type), total > 0)
    all_ = select(Breakdown.trait, Breakdown.value, *counts, total).where(*of_it)
    largest = all_.order_by(total.desc(), Breakdown.value).limit(bindparam("most", type_=Integer()))
    few = all_.where(Breakdown.trait.in_([trait for trait in Trait if trait not in _MANY]))
    many = (select(largest.where(Breakdown.trait == trait).subquery()) for trait in _MANY)
    found = union_all(few, *many).subquery()
    return select(*list(found.c)[:-1]).order_by(found.c.total.desc(), found.c.value)


def _all(tally: Tally) -> Counter[str]:
    counts = Counter({place.value: getattr(tally, place) for place in PLACES})
    counts[Status.PENDING.value] += tally.sending
    return counts
