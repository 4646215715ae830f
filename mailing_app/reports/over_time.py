"""The figures over time: mailings, and their messages, by the day, week or month in which the mailing starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, and_, func, select

from mailing_app import language, periods
from mailing_app.batches import batch
from mailing_app.db import Moment, count_by, db, look_once
from mailing_app.figures import PLACES
from mailing_app.models import Breakdown, Mailing, Tally, Trait
from mailing_app.periods import Period, Unit


class Figures(NamedTuple):
    """How many mailings start in a period, and where their messages stand."""

    period: Period
    mailings: int
    """Without those that were deleted, as in the totals; their messages count all the same."""
    counts: Mapping[str, int]
    """The recipients, then the places whose sum they are."""


@dataclass(frozen=True)
class OverTime:
    """Period by period, the oldest first; beside it this week so far, and the last one until the same hour."""

    by: Unit
    timezone: str
    periods: Sequence[Figures]
    total: Figures
    week: Figures
    week_before: Figures


def over_time(
    now: datetime, by: Unit, since: date | None = None, until: date | None = None, tag: str = "",
    operator_code: str | None = None, timezone: str | None = None,
) -> OverTime:  # fmt: skip
    """The figures from the period that holds `since` to the one that holds `until`: of all messages, or of those to
    clients with a tag or an operator code. Days are those of `timezone`, else of who asks.

    Read from the figures of mailings, whatever the number of their messages.
    """
    look_once()
    zone = timezone or language.zone()
    trait, value = (Trait.TAG, tag) if tag else (Trait.OPERATOR_CODE, operator_code or "")
    since, until = periods.span(by, since, until, now.astimezone(ZoneInfo(zone)).date())
    found = _figures(periods.periods(by, since, until, zone), trait, value)
    week, week_before = _figures(periods.weeks_so_far(now, zone), trait, value)
    return OverTime(by, zone, found, _total(found), week, week_before)


def _figures(asked: Sequence[Period], trait: Trait, value: str) -> list[Figures]:
    given = batch(
        [{"place": place, "begins_at": each.begins_at, "ends_at": each.ends_at} for place, each in enumerate(asked)],
        place=Integer(), begins_at=Moment(), ends_at=Moment(),
    )  # fmt: skip
    starting = and_(Mailing.starts_at >= given.c.begins_at, Mailing.starts_at < given.c.ends_at)
    sums = [func.sum(column) for column in _columns(value)]
    statement = select(given.c.place, count_by(Mailing.deleted_at.is_(None)), *sums).select_from(given)
    statement = statement.join(Mailing, starting).join(*_source(trait, value)).group_by(given.c.place)
    told = {place: [int(number) for number in numbers] for place, *numbers in db.session.execute(statement)}
    nothing = [0] * (1 + len(PLACES))
    return [_told(period, *told.get(place, nothing)) for place, period in enumerate(asked)]


def _columns(value: str) -> list[Any]:
    if value:
        return [getattr(Breakdown, place) for place in PLACES]
    return [Tally.pending + Tally.sending, *(getattr(Tally, place) for place in PLACES[1:])]


def _source(trait: Trait, value: str) -> tuple[Any, Any]:
    """Where the messages are counted, and which row of it belongs to a mailing."""
    if value:
        one = and_(Breakdown.mailing_id == Mailing.id, Breakdown.trait == trait, Breakdown.value == value)
        return Breakdown, one
    return Tally, Tally.mailing_id == Mailing.id


def _told(period: Period, mailings: int, *numbers: int) -> Figures:
    counts = dict(zip((place.value for place in PLACES), numbers, strict=True))
    return Figures(period, mailings, {"recipients": sum(numbers)} | counts)


def _total(found: Sequence[Figures]) -> Figures:
    whole = Period(found[0].period.day, found[0].period.begins_at, found[-1].period.ends_at)
    sums = [sum(each.counts[place] for each in found) for place in PLACES]
    return _told(whole, sum(each.mailings for each in found), *sums)
