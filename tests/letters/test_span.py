"""The day of a letter: whatever zone, hour and change of clocks, the days lie end to end."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given

from mailing_app.letters.span import RECORDED_WITHIN, day_until, last_end
from tests.test_local_time import moments, walls, zones

LONGEST = timedelta(hours=49)
JUST_BEFORE = timedelta(microseconds=1)


@given(walls, zones, moments)
def test_the_days_lie_end_to_end_and_each_moment_is_in_one(wall: time, zone: str, moment: datetime) -> None:
    end = last_end(wall, zone, moment)
    day = day_until(end, wall, zone, None)
    assert day.ends_at == end <= moment - RECORDED_WITHIN
    assert timedelta() < day.ends_at - day.begins_at <= LONGEST
    before = last_end(wall, zone, day.begins_at + RECORDED_WITHIN)
    assert before == day.begins_at
    assert last_end(wall, zone, end - JUST_BEFORE + RECORDED_WITHIN) == day.begins_at


@given(walls, zones, moments)
def test_a_day_ends_when_the_clocks_say_so_unless_they_never_do(wall: time, zone: str, moment: datetime) -> None:
    end = last_end(wall, zone, moment).astimezone(ZoneInfo(zone))
    shown = end.replace(tzinfo=None)
    assert (shown - datetime.combine(shown.date(), wall)) in (timedelta(), timedelta(hours=1), timedelta(minutes=30),
                                                              timedelta(hours=2))  # fmt: skip
    if shown.time() != wall:
        round_trip = datetime.combine(shown.date(), wall, ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone))
        assert round_trip.time() != wall  # the clocks were changed over it


@pytest.mark.parametrize(("zone", "wall", "now", "day"), [
    ("Europe/Moscow", "18:00", "2026-11-26T15:01", ("2026-11-25T15:00", "2026-11-26T15:00")),
    ("Europe/Moscow", "18:00", "2026-11-26T15:00", ("2026-11-24T15:00", "2026-11-25T15:00")),
    ("Europe/Berlin", "02:30", "2026-03-29T09:00", ("2026-03-28T01:30", "2026-03-29T01:30")),
    ("Europe/Berlin", "02:30", "2026-10-25T09:00", ("2026-10-24T00:30", "2026-10-25T00:30")),
    ("Europe/Berlin", "18:00", "2026-03-29T18:00", ("2026-03-28T17:00", "2026-03-29T16:00")),
    ("Pacific/Apia", "10:00", "2011-12-31T00:00", ("2011-12-29T20:00", "2011-12-30T20:00")),
])  # fmt: skip
def test_the_day_of_a_moment(zone: str, wall: str, now: str, day: tuple[str, str]) -> None:
    at = time.fromisoformat(wall)
    found = day_until(last_end(at, zone, utc(now)), at, zone, None)
    assert (found.begins_at, found.ends_at) == tuple(map(utc, day))


@pytest.mark.parametrize(("former", "begins"), [
    ("2026-11-25T15:00", "2026-11-25T15:00"),
    ("2026-11-25T18:00", "2026-11-25T18:00"),
    ("2026-11-25T09:00", "2026-11-25T09:00"),
    ("2026-11-24T15:00", "2026-11-25T15:00"),
    ("2026-11-20T15:00", "2026-11-25T15:00"),
], ids=["as ever", "it was later before", "it was earlier before", "a day missed", "days missed"])  # fmt: skip
def test_a_changed_hour_leaves_nothing_out_and_tells_nothing_twice(former: str, begins: str) -> None:
    day = day_until(utc("2026-11-26T15:00"), time(18), "Europe/Moscow", utc(former))
    assert day.begins_at == utc(begins)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
