"""Counting everything once more, to see that no figure has gone astray."""

from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, cast, func, literal, or_, select, union_all

from mailing_app.db import count_by, db, look_again
from mailing_app.figures import OF_CLIENTS, OPEN, PLACES
from mailing_app.models import Breakdown, Mailing, Message, Meter, Misses, Status, Tally, Traffic, Trait


class Difference(NamedTuple):
    """A figure that is not what there is: `what` names it, `counted` is the truth and `kept` the figure."""

    what: str
    subject: str
    counted: int
    kept: int


def check() -> list[Difference]:
    """Count every figure anew; those that differ, and there should be none.

    Each kind is counted and compared in one statement, so that both sides are of one moment, even while mailings run.
    Of a mailing whose messages were archived there is nothing left to count.
    """
    look_again()
    return [*_tallies(), *_breakdowns(), *_misses(), *_meters()]


def _tallies() -> Iterator[Difference]:
    """The states and attempts of each mailing."""
    of_message = {status.value: count_by(Message.status == status) for status in Status} | {
        "attempts": func.coalesce(func.sum(Message.attempts), 0),
        "repeats": func.coalesce(func.sum(Message.attempts), 0) - count_by(Message.attempts > 0),
    }
    counted = select(Message.mailing_id, *_named(of_message)).where(_has_messages(Message.mailing_id))
    counted = counted.group_by(Message.mailing_id)
    names = list(of_message)
    kept = select(Tally.mailing_id, *(getattr(Tally, name) for name in names)).where(_has_messages(Tally.mailing_id))
    yield from _compared("mailing", counted, kept, names)


def _breakdowns() -> Iterator[Difference]:
    """By code, zone, tag and reason."""
    names = [place.value for place in PLACES]
    places = {place.value: count_by(_stands_at(place)) for place in PLACES}
    for trait, value in OF_CLIENTS.items():
        counted = select(_subject(Message.mailing_id, value), *_named(places)).where(_has_messages(Message.mailing_id))
        counted = counted.group_by(Message.mailing_id, value)
        yield from _compared(trait.value, counted, _kept(trait), names)
    ended = select(_subject(Message.mailing_id, Message.reason), *_named(places))
    ended = ended.where(Message.reason != "", Message.status.not_in(OPEN), _has_messages(Message.mailing_id))
    yield from _compared("reason", ended.group_by(Message.mailing_id, Message.reason), _kept(Trait.REASON), names)


def _misses() -> Iterator[Difference]:
    """By client."""
    names = ["failed", "expired", "uncertain"]
    missed = {name: count_by(Message.status == Status(name)) for name in names}
    counted = select(Message.client_id, *_named(missed)).where(Message.status.in_(names)).group_by(Message.client_id)
    yield from _compared("client", counted, select(Misses.client_id, *(getattr(Misses, name) for name in names)), names)


def _meters() -> Iterator[Difference]:
    """The attempts of all times against those of the minutes."""
    key, number = (Traffic.outcome, Traffic.up_to), {"attempts": func.sum(Traffic.number)}
    counted = select(_subject(*key), *_named(number)).group_by(*key)
    ever = {"attempts": func.sum(Meter.number)}
    kept = select(_subject(Meter.outcome, Meter.up_to), *_named(ever)).group_by(Meter.outcome, Meter.up_to)
    yield from _compared("meter", counted, kept, ["attempts"])


def _kept(trait: Trait) -> Any:
    places = (getattr(Breakdown, place.value) for place in PLACES)
    kept = select(_subject(Breakdown.mailing_id, Breakdown.value), *places)
    return kept.where(Breakdown.trait == trait, _has_messages(Breakdown.mailing_id))


def _has_messages(mailing_id: Any) -> ColumnElement[bool]:
    return mailing_id.not_in(select(Mailing.id).where(Mailing.archived_at.is_not(None)))


def _stands_at(place: Status) -> ColumnElement[bool]:
    return or_(*(Message.status == status for status in OPEN)) if place in OPEN else Message.status == place


def _subject(*parts: Any) -> Any:
    """What a figure is of, as one text: `17` or `17 vip`."""
    texts: list[Any] = [cast(part, String) for part in parts]
    return reduce(lambda one, other: one.concat(" ").concat(other), texts)


def _named(columns: dict[str, Any]) -> list[Any]:
    return [column.label(name) for name, column in columns.items()]


def _compared(what: str, counted: Any, kept: Any, names: Sequence[str]) -> Iterator[Difference]:
    """Both sides in one statement: each figure of either is added to the other's nothing."""
    one, other = counted.subquery(), kept.subquery()
    sides = union_all(
        select(_subject(one.c[0]).label("subject"), *_sided(one, names, True)),
        select(_subject(other.c[0]).label("subject"), *_sided(other, names, False)),
    ).subquery()
    sums = [func.sum(column) for column in list(sides.c)[1:]]
    for subject, *numbers in db.session.execute(select(sides.c.subject, *sums).group_by(sides.c.subject)):
        for place, name in enumerate(names):
            truth, figure = int(numbers[2 * place]), int(numbers[2 * place + 1])
            if truth != figure:
                yield Difference(what, f"{subject} {name}", truth, figure)


def _sided(side: Any, names: Sequence[str], is_counted: bool) -> Iterator[Any]:
    nothing = literal(0)
    for name in names:
        yield (side.c[name] if is_counted else nothing).label(f"{name}_counted")
        yield (nothing if is_counted else side.c[name]).label(f"{name}_kept")
