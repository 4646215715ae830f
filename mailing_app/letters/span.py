"""The day that a letter tells of: pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from mailing_app import local_time

RECORDED_WITHIN = timedelta(seconds=20)
"""How long after a day's end its letter is written: what ended in its last minute has been recorded by then."""

_JUST_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Day:
    """From a moment, included, to a moment, not included."""

    begins_at: datetime
    ends_at: datetime


def last_end(at: time, zone: str, now: datetime) -> datetime:
    """The end of the latest day whose letter can be written: `at` is REPORT_EMAIL_AT, by the clocks of `zone`."""
    return local_time.last_passing(at, zone, now - RECORDED_WITHIN)


def day_until(ends_at: datetime, at: time, zone: str, former_end: datetime | None) -> Day:
    """The day that ends at that moment. Where the letter before it told of what was up to `former_end`, this one goes
    on from there: an hour that was changed meanwhile leaves nothing out and has nothing told twice.

    Days that had no letter are not made up for: whoever was down for a week sends one letter of one day.
    """
    usual = local_time.last_passing(at, zone, ends_at - _JUST_BEFORE)
    too_old = local_time.last_passing(at, zone, usual - _JUST_BEFORE)
    is_near = former_end is not None and too_old < former_end < ends_at
    return Day(former_end if former_end and is_near else usual, ends_at)
