from datetime import UTC, datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from mailing_app.local_time import (
    Window,
    is_open,
    is_zone,
    next_closing,
    next_opening,
    utc_offset_label,
    zone_names,
)

MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
ODD_ZONES = [
    "Europe/Berlin",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
    "Antarctica/Troll",
    "Africa/Casablanca",
    "Asia/Gaza",
    "Pacific/Chatham",
    "America/St_Johns",
    "Africa/Cairo",
    "America/Scoresbysund",
]
# a few days around the clock changes: Europe, America, the South, and Morocco's Ramadan
CHANGES = [
    datetime(year, month, day, tzinfo=UTC)
    for year, days in {
        2026: [(2, 15), (3, 8), (3, 22), (3, 29), (4, 5), (9, 6), (9, 27), (10, 4), (10, 25), (11, 1)],
        2027: [(2, 7), (3, 14), (3, 28), (4, 4), (9, 26), (10, 3), (10, 31), (11, 7)],
    }.items()
    for month, day in days
]
zones = st.one_of(st.sampled_from(ODD_ZONES), st.sampled_from(sorted(zone_names())))
moments = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from(CHANGES),
    st.one_of(
        st.integers(-2 * 1440, 2 * 1440).map(lambda minutes: minutes * 60),
        st.integers(-2 * 86400, 2 * 86400),
    ),
)
walls = st.one_of(
    st.integers(0, 1439),
    st.integers(90, 185),  # where clocks are changed
).map(lambda minute: time(minute // 60, minute % 60))


@st.composite
def windows(draw):
    opens = draw(walls)
    minutes = draw(st.one_of(st.just(1), st.integers(1, 40), st.integers(1, 1439)))
    closes = (datetime.combine(datetime(2000, 1, 1, tzinfo=UTC), opens) + minutes * MINUTE).time()
    return Window(opens, closes)


def scanned(window, zone, moment, wanted):
    """The first whole minute, or `moment`, at which the wall clock says so: no cleverness, no shared code."""
    place = ZoneInfo(zone)

    def says(candidate):
        wall = candidate.astimezone(place).time()
        if window.opens < window.closes:
            return window.opens <= wall < window.closes
        return wall >= window.opens or wall < window.closes

    if says(moment) is wanted:
        return moment
    candidate = moment.replace(second=0, microsecond=0)
    while says(candidate) is not wanted or candidate < moment:
        candidate += MINUTE
    return candidate


@given(windows(), zones, moments)
@example(Window(time(2, 15), time(2, 16)), "Europe/Berlin", datetime(2026, 3, 28, 1, 16, tzinfo=UTC))
@example(Window(time(2, 10), time(2, 20)), "Australia/Lord_Howe", datetime(2026, 10, 3, 15, 0, tzinfo=UTC))
@example(Window(time(1, 45), time(1, 46)), "Australia/Lord_Howe", datetime(2026, 4, 4, 14, 46, tzinfo=UTC))
@example(Window(time(22), time(2, 30)), "America/St_Johns", datetime(2026, 3, 8, 5, 0, tzinfo=UTC))
@settings(max_examples=400, deadline=None)
def test_openings_and_closings_agree_with_a_scan_of_the_minutes(window, zone, moment):
    assert next_opening(window, zone, moment) == scanned(window, zone, moment, True)
    assert next_closing(window, zone, moment) == scanned(window, zone, moment, False)


@pytest.mark.parametrize("zone", sorted(zone_names()))
def test_every_zone_opens_at_nine_all_the_year(zone):
    window = Window(time(9), time(9, 1))
    opening, openings, end = datetime(2026, 1, 1, tzinfo=UTC), 0, datetime(2027, 1, 1, tzinfo=UTC)
    while (opening := next_opening(window, zone, opening)) < end:
        assert opening.astimezone(ZoneInfo(zone)).time() == window.opens
        opening, openings = next_closing(window, zone, opening), openings + 1
    assert openings == 365


def changes_of_2026(zone):
    """The quarter hours at which the zone changes its clocks; for one that never does, two week-ends of others."""
    place, day = ZoneInfo(zone), datetime(2026, 1, 1, tzinfo=UTC)
    days = [day + timedelta(days=number) for number in range(366)]
    offsets = [moment.astimezone(place).utcoffset() for moment in days]
    spans = [days[at] for at in range(365) if offsets[at] != offsets[at + 1]]
    return [changed_within(place, day) for day in spans] or [
        datetime(2026, 3, 29, 1, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ]


def changed_within(place, day):
    quarters = [day + number * QUARTER for number in range(1, 97)]
    before = day.astimezone(place).utcoffset()
    return next(moment for moment in quarters if moment.astimezone(place).utcoffset() != before)


@pytest.mark.parametrize("zone", sorted(zone_names()))
def test_around_its_clock_changes_every_zone_opens_and_closes_by_its_walls_and_not_later_than_it_may(zone):
    place = ZoneInfo(zone)
    for change in changes_of_2026(zone):
        # Bounds, changes and offsets are all on quarter hours, so nothing turns open or closed within one.
        quarters = [change + number * QUARTER for number in range(-100, 260)]
        walls = [moment.astimezone(place).time() for moment in quarters]
        for window in (Window(time(9), time(18)), Window(time(1, 30), time(2, 15)), Window(time(23), time(2, 45))):
            says = [(wall >= window.opens) + (wall < window.closes) > (window.opens < window.closes) for wall in walls]
            for at in (0, 31, 64, 90, 95, 99, 100, 101, 105, 130):
                assert next_opening(window, zone, quarters[at]) == quarters[says.index(True, at)]
                assert next_closing(window, zone, quarters[at]) == quarters[says.index(False, at)]


@given(windows(), zones, moments)
@settings(max_examples=200, deadline=None)
def test_an_answer_is_open_not_before_the_question_and_final(window, zone, moment):
    opening = next_opening(window, zone, moment)
    assert opening >= moment
    assert opening.utcoffset() == timedelta()
    assert is_open(window, zone, opening)
    assert next_opening(window, zone, opening) == opening
    closing = next_closing(window, zone, opening)
    assert not is_open(window, zone, closing)
    assert is_open(window, zone, closing - timedelta(microseconds=1))
    assume(opening > moment)
    assert not is_open(window, zone, opening - timedelta(microseconds=1))


def test_a_window_left_out_by_the_clocks_opens_the_next_day():
    night = Window(time(2, 15), time(2, 45))
    eve = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_opening(night, "Europe/Berlin", eve) == datetime(2026, 3, 30, 0, 15, tzinfo=UTC)


def test_a_window_cut_by_the_clocks_opens_at_the_change():
    night = Window(time(2, 30), time(4))
    eve = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert next_opening(night, "Europe/Berlin", eve) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_double_hour_opens_twice():
    night = Window(time(2, 30), time(2, 40))
    first = next_opening(night, "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_opening(night, "Europe/Berlin", first + 10 * MINUTE) == first + 60 * MINUTE


def test_a_day_that_never_was_is_passed_over():
    noon = Window(time(12), time(12, 1))
    opening = next_opening(noon, "Pacific/Apia", datetime(2011, 12, 30, 0, tzinfo=UTC))
    assert opening.astimezone(ZoneInfo("Pacific/Apia")).isoformat() == "2011-12-31T12:00:00+14:00"


def test_opens_is_included_and_closes_is_not():
    window, day = Window(time(9), time(21)), datetime(2026, 7, 1, tzinfo=UTC)
    assert is_open(window, "UTC", day + timedelta(hours=9))
    assert not is_open(window, "UTC", day + timedelta(hours=21))
    assert is_open(window, "UTC", day + timedelta(hours=21) - timedelta(microseconds=1))
    night = Window(time(21), time(9))
    assert is_open(night, "UTC", day + timedelta(hours=21))
    assert not is_open(night, "UTC", day + timedelta(hours=9))
    assert is_open(Window(time(9), time(0)), "UTC", day - timedelta(microseconds=1))


def test_the_moment_may_have_any_offset():
    window = Window(time(9), time(21))
    moment = datetime(2026, 7, 1, 3, 30, 15, tzinfo=ZoneInfo("Asia/Kathmandu"))
    assert next_opening(window, "Asia/Kathmandu", moment) == datetime(2026, 7, 1, 3, 15, tzinfo=UTC)


@pytest.mark.parametrize("function", [is_open, next_opening, next_closing])
def test_what_is_no_moment_or_no_zone_is_refused(function):
    window, moment = Window(time(9), time(21)), datetime(2026, 7, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="naive"):
        function(window, "UTC", moment.replace(tzinfo=None))
    for zone in ("", "Mars/Base", "../etc/passwd", "europe/berlin", "\0"):
        with pytest.raises(ValueError, match="no such time zone"):
            function(window, zone, moment)


def test_a_window_has_two_different_local_ends():
    with pytest.raises(ValueError, match="different"):
        Window(time(9), time(9))
    with pytest.raises(ValueError, match="zone"):
        Window(time(9, tzinfo=UTC), time(10))


def test_zone_names_are_places_and_fixed():
    assert {*ODD_ZONES, "UTC", "Europe/Moscow", "Asia/Kolkata"} <= zone_names()
    assert not {"localtime", "Factory", "posixrules"} & zone_names()
    assert not [name for name in zone_names() if name.startswith(("posix/", "right/"))]
    assert zone_names() is zone_names()
    assert is_zone("Europe/Moscow")
    assert not is_zone("europe/moscow")


@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("UTC", "UTC"),
        ("Africa/Abidjan", "UTC"),
        ("Asia/Vladivostok", "UTC+10"),
        ("Asia/Kathmandu", "UTC+5:45"),
        ("Pacific/Kiritimati", "UTC+14"),
        ("Pacific/Marquesas", "UTC-9:30"),
        ("America/St_Johns", "UTC-2:30"),
        ("Europe/Berlin", "UTC+2"),
    ],
)
def test_an_offset_reads_as_people_write_it(zone, label):
    assert utc_offset_label(zone, datetime(2026, 7, 1, tzinfo=UTC)) == label


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_an_opening_costs_well_under_a_millisecond(zone):
    window, day = Window(time(9), time(9, 1)), datetime(2026, 3, 1, tzinfo=UTC)
    next_opening(window, zone, day)
    began = process_time()
    for hours in range(31 * 24):
        next_opening(window, zone, day + timedelta(hours=hours))
    assert (process_time() - began) / (31 * 24) < 0.0005
