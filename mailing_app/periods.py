"""Days, weeks and months of the calendar, and when they begin by the clocks of a zone."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from mailing_app.local_time import day_starts_at

DAY, WEEK = timedelta(days=1), timedelta(days=7)


class Unit(StrEnum):
    """How long a period is. A week begins on Monday (ISO 8601)."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


USUAL = {Unit.DAY: timedelta(days=29), Unit.WEEK: 11 * WEEK, Unit.MONTH: timedelta(days=334)}
"""How far back one looks who says nothing: thirty days, twelve weeks, twelve months, counting the present one."""

MOST = 400
"""So many periods at once: a year by day and some more."""

_SHORTEST = {Unit.DAY: DAY, Unit.WEEK: WEEK, Unit.MONTH: timedelta(days=28)}


class Period(NamedTuple):
    """A day, week or month by its first day, and its moments: it ends right before `ends_at`."""

    day: date
    begins_at: datetime
    ends_at: datetime


def periods(unit: Unit, since: date, until: date, zone: str) -> list[Period]:
    """The whole periods from the one that holds `since` to the one that holds `until`."""
    day, found = first_day(unit, since), list[Period]()
    while day <= until:
        following = first_day(unit, day + timedelta(days=31)) if unit is Unit.MONTH else day + _SHORTEST[unit]
        found.append(Period(day, day_starts_at(day, zone), day_starts_at(following, zone)))
        day = following
    return found


def first_day(unit: Unit, day: date) -> date:
    """The day on which the period begins that holds the day."""
    if unit is Unit.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if unit is Unit.WEEK else day


def span(unit: Unit, since: date | None, until: date | None, today: date) -> tuple[date, date]:
    """From when until when somebody looks who may have left either out: until today, and as far back as is usual."""
    until = until or max(today, since or today)
    return since or first_day(unit, until) - USUAL[unit], until


def too_many(unit: Unit, since: date, until: date) -> bool:
    """Whether these are more periods than anybody is shown at once."""
    return (until - since) / _SHORTEST[unit] >= MOST


def weeks_so_far(now: datetime, zone: str) -> tuple[Period, Period]:
    """The week of this moment until then, and the one before it until the same hour of the same weekday."""
    here = now.astimezone(ZoneInfo(zone))
    before = here - WEEK  # by the wall clock: where the clocks were changed in between, it is no 168 hours
    return _week_until(here, zone), _week_until(before, zone)


def _week_until(moment: datetime, zone: str) -> Period:
    monday = first_day(Unit.WEEK, moment.date())
    return Period(monday, day_starts_at(monday, zone), moment.astimezone(UTC))
