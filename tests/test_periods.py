"""Days, weeks and months, across changed clocks and ends of years."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailing_app.periods import MOST, Unit, first_day, periods, span, too_many, weeks_so_far

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("unit", "day", "first"), [
    (Unit.DAY, date(2026, 3, 29), date(2026, 3, 29)),
    (Unit.WEEK, date(2026, 3, 29), date(2026, 3, 23)),  # a Sunday
    (Unit.WEEK, date(2026, 3, 30), date(2026, 3, 30)),  # a Monday
    (Unit.WEEK, date(2027, 1, 1), date(2026, 12, 28)),
    (Unit.MONTH, date(2028, 2, 29), date(2028, 2, 1)),
])  # fmt: skip
def test_a_period_begins_with_its_first_day(unit: Unit, day: date, first: date) -> None:
    assert first_day(unit, day) == first


def test_a_day_of_changed_clocks_is_longer_or_shorter() -> None:
    spring = periods(Unit.DAY, date(2026, 3, 28), date(2026, 3, 30), "Europe/Berlin")
    assert [each.ends_at - each.begins_at for each in spring] == [24 * HOUR, 23 * HOUR, 24 * HOUR]
    [autumn] = periods(Unit.WEEK, date(2026, 10, 25), date(2026, 10, 25), "Europe/Berlin")
    assert autumn.ends_at - autumn.begins_at == (7 * 24 + 1) * HOUR
    assert autumn.begins_at == datetime(2026, 10, 18, 22, tzinfo=UTC)


@given(
    st.sampled_from(Unit),
    st.dates(date(2001, 1, 1), date(2090, 1, 1)),
    st.integers(0, 390),
    st.sampled_from(["Europe/Moscow", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"]),
)
def test_periods_follow_each_other_without_a_gap(unit: Unit, since: date, days: int, zone: str) -> None:
    until = since + timedelta(days=days)
    found = periods(unit, since, until, zone)
    assert found[0].day <= since < found[0].day + timedelta(days=31)
    assert found[-1].day <= until
    assert all(one.ends_at == other.begins_at for one, other in pairwise(found))


@pytest.mark.parametrize(("unit", "number"), [(Unit.DAY, 30), (Unit.WEEK, 12), (Unit.MONTH, 12)])
def test_who_says_nothing_sees_the_usual_ones(unit: Unit, number: int) -> None:
    for today in (date(2024, 2, 29), date(2026, 1, 31), date(2026, 3, 1), date(2026, 12, 28)):
        found = periods(unit, *span(unit, None, None, today), "Europe/Moscow")
        assert len(found) == number
        assert found[-1].day == first_day(unit, today)


def test_a_day_to_come_is_looked_at_by_itself() -> None:
    assert span(Unit.DAY, date(2030, 1, 1), None, date(2026, 1, 1)) == (date(2030, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize("unit", Unit)
def test_too_many_are_told_before_they_are_made(unit: Unit) -> None:
    since, days = date(2001, 1, 1), {Unit.DAY: 1, Unit.WEEK: 7, Unit.MONTH: 28}[unit]
    assert not too_many(unit, since, since + timedelta(days=days * MOST - 1))
    assert too_many(unit, since, since + timedelta(days=days * MOST))


def test_the_week_before_ends_at_the_same_hour_of_the_wall() -> None:
    now = datetime(2026, 3, 31, 10, tzinfo=UTC)  # noon of a Tuesday in Berlin, in summer time since Sunday
    week, before = weeks_so_far(now, "Europe/Berlin")
    assert (week.day, before.day) == (date(2026, 3, 30), date(2026, 3, 23))
    assert week.ends_at == now
    assert before.ends_at == datetime(2026, 3, 24, 11, tzinfo=UTC)  # noon in winter time
