"""The traffic: what attempts came to, how long they took, how fast it goes. Read from a histogram of minutes."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select

from mailing_app.db import db, run
from mailing_app.models import Meter, RawAnswer, Traffic

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

BY_THE_MINUTE_FOR = timedelta(days=35)
"""What is older may be added up by the hour."""

CLASSES = (
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700,
    1_000, 1_500, 2_000, 3_000, 5_000, 7_000, 10_000, 15_000, 20_000, 30_000, 60_000,
)  # fmt: skip
"""The upper bounds of the classes of latency, in milliseconds; the last one takes whatever is longer too."""

ACCEPTED = "accepted"

KINDS = {
    ACCEPTED: (ACCEPTED,),
    "refused": ("refused", "refused_code", "duplicate"),
    "slowed": ("throttled", "busy"),
    "failing": ("gateway_error", "unreadable", "cut_off", "not_sent"),
    "barred": ("token_refused", "wrong_address", "internal"),
}
"""The outcomes in a few kinds that one picture can tell apart."""

UNANSWERABLE = ("not_sent", "internal")
"""The outcomes whose time says nothing of the gateway: no request reached it."""

_LOWER = {upper: lower for lower, upper in pairwise((0, *CLASSES))}


class Latency(NamedTuple):
    """A quantile in milliseconds: `about` is interpolated within its class, `up_to` is certain."""

    about: int
    up_to: int


class Ended(NamedTuple):
    """So many of the attempts that ended in a minute came to this outcome."""

    minute_at: datetime
    outcome: str
    number: int


class Step(NamedTuple):
    """What came of the attempts that ended in a step of time, by outcome."""

    began_at: datetime
    outcomes: Mapping[str, int]


@dataclass(frozen=True)
class Latencies:
    """How long the gateway took: half of the attempts at most `p50`, and so on; None where there was no attempt."""

    p50: Latency | None
    p95: Latency | None
    p99: Latency | None


@dataclass(frozen=True)
class Metered:
    """All attempts ever, by outcome; of those that the gateway could answer how many fell into which class of latency,
    by its upper bound in milliseconds, and how long they took together.
    """

    attempts: Counter[str]
    latencies: Counter[int]
    milliseconds: int


def metered() -> Metered:
    """What the meter says: it only grows, and it moves in the transactions that record attempts."""
    sums = (func.sum(Meter.number), func.sum(Meter.milliseconds))
    statement = select(Meter.outcome, Meter.up_to, *sums).group_by(Meter.outcome, Meter.up_to)
    attempts, latencies, milliseconds = Counter[str](), Counter[int](), 0
    for outcome, up_to, number, taken in db.session.execute(statement):
        attempts[outcome] += int(number)
        if outcome not in UNANSWERABLE:
            latencies[up_to] += int(number)
            milliseconds += int(taken)
    return Metered(attempts, latencies, milliseconds)


def class_of(milliseconds: float) -> int:
    """The upper bound in milliseconds of the class that a latency falls into."""
    place = bisect_left(CLASSES, milliseconds)
    return CLASSES[min(place, len(CLASSES) - 1)]


def minute_of(moment: datetime) -> datetime:
    """The minute of UTC in which a moment lies."""
    return moment.astimezone(UTC).replace(second=0, microsecond=0)


def hour_of(moment: datetime) -> datetime:
    """The hour of UTC in which a moment lies."""
    return minute_of(moment).replace(minute=0)


def latencies(since: datetime, until: datetime, mailing_id: int | None = None) -> Latencies:
    """The latencies of the attempts that ended in these minutes, of a mailing or of all."""
    statement = (
        select(Traffic.up_to, func.sum(Traffic.number))
        .where(*_span(since, until, mailing_id), Traffic.outcome.not_in(UNANSWERABLE))
        .group_by(Traffic.up_to)
    )
    histogram = {up_to: int(number) for up_to, number in db.session.execute(statement)}
    return Latencies(*(quantile(histogram, share) for share in (0.5, 0.95, 0.99)))


def quantile(histogram: Mapping[int, int], share: float) -> Latency | None:
    """The latency that this share of the attempts did not exceed. `histogram` counts them by the class's bound."""
    wanted, below = share * sum(histogram.values()), 0
    for up_to in sorted(histogram):
        number = histogram[up_to]
        if number and below + number >= wanted:
            lower = _LOWER[up_to]
            return Latency(round(lower + (up_to - lower) * (wanted - below) / number), up_to)
        below += number
    return None


def steps(since: datetime, until: datetime, length: timedelta) -> Sequence[Step]:
    """What came of all attempts, step by step without a gap: `length` is whole minutes, `since` begins the first."""
    within = _by_minute().where(*_span(since, until))
    return in_steps(_ended(db.session.execute(within)), since, until, length)


def in_steps(ended: Iterable[Ended], since: datetime, until: datetime, length: timedelta) -> Sequence[Step]:
    """The same of attempts that were read already, none of them from before `since`."""
    counted: dict[datetime, Counter[str]] = {}
    for minute_at, outcome, number in ended:
        began_at = since + (minute_at - since) // length * length
        counted.setdefault(began_at, Counter())[outcome] += number
    number_of_steps = -((since - until) // length)
    return [Step(since + place * length, counted.get(since + place * length, {})) for place in range(number_of_steps)]


def rate(now: datetime, since: datetime | None = None, mailing_id: int | None = None) -> float:
    """Acceptances a second over the last full minute and what has gone by of this one; `since`: not before then."""
    begin = minute_of(now) - MINUTE
    seconds = (now - max(begin, since or begin)).total_seconds()
    accepted = (*_span(begin, now, mailing_id), Traffic.outcome == ACCEPTED)
    number = db.session.scalar(select(func.coalesce(func.sum(Traffic.number), 0)).where(*accepted)) or 0
    return int(number) / max(seconds, 1.0)


def accepted_since(moment: datetime) -> int:
    """How many messages the gateway accepted since then, to the minute."""
    return int(db.session.scalar(select(func.coalesce(func.sum(Traffic.number), 0)).where(*_accepted(moment))) or 0)


def by_mailing(since: datetime, until: datetime) -> dict[int, Counter[str]]:
    """For each mailing that had attempts end in the minutes from `since` to before `until`: by outcome, how many."""
    found: dict[int, Counter[str]] = {}
    within = (Traffic.minute_at >= since, Traffic.minute_at < until)
    sums = select(Traffic.mailing_id, Traffic.outcome, func.sum(Traffic.number)).where(*within)
    for mailing_id, outcome, number in db.session.execute(sums.group_by(Traffic.mailing_id, Traffic.outcome)):
        found.setdefault(mailing_id, Counter())[outcome] += int(number)
    return found


def best_minute(since: datetime) -> int:
    """The most messages that the gateway accepted in one minute, over all dispatchers."""
    number = func.sum(Traffic.number).label("number")
    by_minute = select(number).where(*_accepted(since)).group_by(Traffic.minute_at).order_by(number.desc()).limit(1)
    return db.session.scalars(by_minute).one_or_none() or 0


def of_mailing(mailing_id: int) -> Sequence[Ended]:
    """All attempts of a mailing by minute and outcome, the first minute first."""
    return _ended(run(db.session(), _of_mailing(), mailing_id=mailing_id))


def by_kind(steps: Sequence[Step]) -> dict[str, list[int]]:
    """For each kind of outcome how many attempts came to it, step by step."""
    return {
        kind: [sum(step.outcomes.get(outcome, 0) for outcome in outcomes) for step in steps]
        for kind, outcomes in KINDS.items()
    }


def answers(limit: int) -> Sequence[RawAnswer]:
    """The latest answers that are kept as they came, the newest first."""
    return db.session.scalars(select(RawAnswer).order_by(RawAnswer.came_at.desc()).limit(limit)).all()


def _ended(rows: Iterable[Any]) -> list[Ended]:
    return [Ended(minute_at, outcome, int(number)) for minute_at, outcome, number in rows]


@cache
def _of_mailing() -> Any:
    of_it = Traffic.mailing_id == bindparam("mailing_id", type_=Traffic.mailing_id.type)
    return _by_minute().where(of_it).order_by(Traffic.minute_at)


def _by_minute() -> Any:
    key = (Traffic.minute_at, Traffic.outcome)
    return select(*key, func.sum(Traffic.number)).group_by(*key)


def _accepted(since: datetime) -> list[ColumnElement[bool]]:
    return [Traffic.minute_at >= since, Traffic.outcome == ACCEPTED]


def _span(since: datetime, until: datetime, mailing_id: int | None = None) -> list[ColumnElement[bool]]:
    of_it = [] if mailing_id is None else [Traffic.mailing_id == mailing_id]
    return [Traffic.minute_at >= since, Traffic.minute_at <= until, *of_it]
