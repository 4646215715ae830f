"""Will it finish? Against a reckoning minute by minute, and what must hold of any forecast."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mailing_app.forecast import NEVER_OPENS, NO_TIME, OVER, TOO_FAR, Missed, forecast
from mailing_app.local_time import Window, is_open

NOON = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
"""In Moscow, where it is 19:00 in Vladivostok."""
DAY = Window(time(9), time(21))
MINUTE = timedelta(minutes=1)
ZONES = ["Europe/Moscow", "Asia/Vladivostok", "Europe/Kaliningrad", "Asia/Kathmandu", "America/St_Johns"]


def hours(number: float) -> datetime:
    return NOON + timedelta(hours=number)


def test_without_a_window_the_rate_alone_decides() -> None:
    told = forecast({"Europe/Moscow": 300, "Asia/Omsk": 60}, NOON, hours(1), None, 0.5)
    assert (told.reached, told.done_at, told.missed) == (360, NOON + 12 * MINUTE, ())
    told = forecast({"Europe/Moscow": 1500, "Asia/Omsk": 500}, NOON, hours(1), None, 0.5)
    assert (told.reached, told.done_at) == (1800, None)
    assert told.missed == (Missed("UTC+3", 150, NO_TIME), Missed("UTC+6", 50, NO_TIME))


def test_who_closes_first_is_reached_as_far_as_the_rate_goes_and_the_rest_has_to_wait() -> None:
    # Both are due at once and share the rate; Vladivostok closes at 21:00, two hours on, and opens no more.
    told = forecast({"Europe/Moscow": 7200, "Asia/Vladivostok": 7200}, NOON, hours(8), DAY, 1.0)
    assert told.missed == (Missed("UTC+10", 3600, NO_TIME),)
    assert told.reached == 10_800


def test_a_window_that_opens_again_finishes_the_rest() -> None:
    told = forecast({"Asia/Vladivostok": 7200 + 60}, NOON, hours(24), DAY, 1.0)
    assert (told.reached, told.done_at, told.missed) == (7260, hours(14) + MINUTE, ())


def test_who_is_not_reached_is_told_by_offset_and_reason() -> None:
    evening = {"Asia/Vladivostok": 312, "Asia/Ust-Nera": 3, "Europe/Moscow": 10, "Europe/Minsk": 5}
    told = forecast(evening, hours(3), hours(5), DAY, 0.001)
    assert told.missed == (Missed("UTC+10", 315, NEVER_OPENS), Missed("UTC+3", 8, NO_TIME))
    unknown = forecast(evening, hours(3), hours(5), DAY, None)
    assert (unknown.reached, unknown.done_at) == (None, None)
    assert unknown.missed == (Missed("UTC+10", 315, NEVER_OPENS),)


def test_a_term_that_is_over_reaches_nobody() -> None:
    assert forecast({"Asia/Omsk": 2}, NOON, hours(-1), None, 5.0).missed == (Missed("UTC+6", 2, OVER),)


def test_nobody_reckons_further_than_a_month() -> None:
    told = forecast({"Europe/Moscow": 1_000_000}, NOON, hours(24 * 3650), DAY, 0.01)
    assert {each.reason for each in told.missed} == {TOO_FAR}


cases = st.fixed_dictionaries({
    "numbers": st.dictionaries(st.sampled_from(ZONES), st.integers(0, 900), max_size=4),
    "begins_at": st.integers(0, 24 * 60).map(lambda minutes: NOON + minutes * MINUTE),
    "lasts": st.integers(1, 60 * 60).map(lambda minutes: minutes * MINUTE),
    "window": st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda pair: pair[0] != pair[1]),
    "rate": st.sampled_from([0.01, 0.05, 0.2, 1.0]),
})  # fmt: skip


def window_of(pair: tuple[int, int] | None) -> Window | None:
    return Window(time(pair[0]), time(pair[1])) if pair else None


def minute_by_minute(
    numbers: dict[str, int], begins_at: datetime, ends_at: datetime, window: Window | None, rate: float
) -> float:
    """How many are reached, by the plainest reading: each minute its share, whoever was due first before the others."""
    left, due = {zone: float(number) for zone, number in numbers.items()}, dict.fromkeys(numbers, begins_at)
    was_open = dict.fromkeys(numbers, True)
    now = begins_at
    while now < ends_at:
        for zone in numbers:
            opened = window is None or is_open(window, zone, now)
            if opened and not was_open[zone]:
                due[zone] = now
            was_open[zone] = opened
        room = rate * 60
        while room > 1e-9 and (ready := [zone for zone in numbers if was_open[zone] and left[zone] > 1e-9]):
            first = min(due[zone] for zone in ready)
            served = [zone for zone in ready if due[zone] == first]
            number = sum(left[zone] for zone in served)
            given_out = min(room, number)
            for zone in served:
                left[zone] -= left[zone] * given_out / number
            room -= given_out
        now += MINUTE
    return sum(numbers.values()) - sum(left.values())


@given(cases)
@settings(max_examples=60, deadline=None)
@example({"numbers": {"Asia/Kathmandu": 400}, "begins_at": NOON, "lasts": 300 * MINUTE, "window": (9, 15), "rate": 0.2})
def test_it_agrees_with_a_reckoning_minute_by_minute(case: dict) -> None:
    ends_at, window = case["begins_at"] + case["lasts"], window_of(case["window"])
    told = forecast(case["numbers"], case["begins_at"], ends_at, window, case["rate"])
    assert told.reached == pytest.approx(
        minute_by_minute(case["numbers"], case["begins_at"], ends_at, window, case["rate"]), abs=1.0
    )


@given(cases, st.sampled_from([1.1, 2.0, 7.0]))
@settings(max_examples=150, deadline=None)
def test_what_holds_of_any_forecast(case: dict, faster: float) -> None:
    numbers, begins_at, rate = case["numbers"], case["begins_at"], case["rate"]
    ends_at, window = begins_at + case["lasts"], window_of(case["window"])
    told = forecast(numbers, begins_at, ends_at, window, rate)
    assert told.reached is not None
    assert 0 <= told.reached <= case["lasts"].total_seconds() * rate + 1e-6
    assert told.reached + sum(each.number for each in told.missed) == sum(numbers.values())
    assert all(each.number > 0 for each in told.missed)
    assert told.done_at is None or begins_at <= told.done_at <= ends_at
    assert (told.done_at is None) == (not told.reached or any(each.reason == NO_TIME for each in told.missed))
    quicker = forecast(numbers, begins_at, ends_at, window, rate * faster).reached
    assert quicker is not None
    assert quicker >= told.reached
