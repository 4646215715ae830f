"""Local windows: when a client's own clock allows a message, and when it next will."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

_QUARTER = timedelta(minutes=15)
_DAY = timedelta(days=1)
# Two days at most are without an opening: one spent already, and the next if a clock change leaves it out.
_FAR_ENOUGH = timedelta(days=8)
_NOT_PLACES = frozenset({"localtime", "Factory", "posixrules"})


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the local day: `opens` included, `closes` not, over midnight when `opens > closes`."""

    opens: time
    closes: time

    def __post_init__(self) -> None:
        if self.opens.tzinfo or self.closes.tzinfo:
            raise ValueError("a window is local to each client and has no zone of its own")
        if self.opens == self.closes:
            raise ValueError("a window must open and close at different times")

    def holds(self, wall: time) -> bool:
        """Whether a wall clock that reads `wall` is inside."""
        if self.opens < self.closes:
            return self.opens <= wall < self.closes
        return wall >= self.opens or wall < self.closes


def is_open(window: Window, zone: str, moment: datetime) -> bool:
    """Whether `moment` falls into the window by the wall clocks of `zone`.

    ValueError, here and below, for a naive moment and for a name that is no zone.
    """
    return window.holds(_aware(moment).astimezone(_place(zone)).time())


def next_opening(window: Window, zone: str, moment: datetime) -> datetime:
    """The first moment from `moment` on at which the window is open, in UTC: `moment` itself if it is open.

    Where a clock change leaves out the whole window, that is the next day; where it leaves out its beginning,
    the moment of the change.
    """
    place = _place(zone)
    for candidate in _candidates(window.opens, place, _aware(moment)):
        if window.holds(candidate.astimezone(place).time()):
            return candidate
    raise LookupError(f"no opening of {window} in {zone} within {_FAR_ENOUGH.days} days after {moment}")


def next_closing(window: Window, zone: str, moment: datetime) -> datetime:
    """The first moment from `moment` on at which the window is closed, in UTC: `moment` itself if it is."""
    # closed is the rest of the clock face, itself a window
    return next_opening(Window(window.closes, window.opens), zone, moment)


def day_starts_at(day: date, zone: str) -> datetime:
    """The first moment of a day by the wall clocks of `zone`, in UTC."""
    return moment_of(day, time(), zone)


def moment_of(day: date, wall: time, zone: str) -> datetime:
    """When the wall clocks of `zone` read `wall` on a day, in UTC.

    Where they do so twice, the first time; where a clock change leaves it out, when they would have without the change.
    """
    return datetime.combine(day, wall, _place(zone)).astimezone(UTC)


def last_passing(wall: time, zone: str, moment: datetime) -> datetime:
    """The latest moment up to `moment` at which the day of `zone` came to `wall`, in UTC: one a day of the calendar,
    and one for two days where a change of the zone's date leaves a day out."""
    today = _aware(moment).astimezone(_place(zone)).date()
    passed = (moment_of(today - days * _DAY, wall, zone) for days in range(-1, 4))
    return max(each for each in passed if each <= moment)


def day_ends_at(day: date, zone: str) -> datetime:
    """The last moment of a day by the wall clocks of `zone`, in UTC."""
    return day_starts_at(day + _DAY, zone) - timedelta(microseconds=1)


def _candidates(opens: time, place: ZoneInfo, moment: datetime) -> Iterator[datetime]:
    """The moments at which a window may begin: when the wall reads `opens`, and when the clocks are changed.

    Clocks are changed on the quarter hours of UTC, never there and back within a day; so a day at whose ends
    their offsets differ is walked by the quarter hour, and any other is crossed in one step.
    """
    end = moment + _FAR_ENOUGH
    while moment <= end:
        yield moment
        wall = moment.astimezone(place)
        step = (_since_midnight(opens) - _since_midnight(wall.time())) % _DAY
        if (moment + step).astimezone(place).utcoffset() != wall.utcoffset():
            step = min(step, _QUARTER - _since_midnight(moment.time()) % _QUARTER)
        moment += step


def _since_midnight(wall: time) -> timedelta:
    return timedelta(hours=wall.hour, minutes=wall.minute, seconds=wall.second, microseconds=wall.microsecond)


def _aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a moment needs an offset: a naive one is nobody's time")
    return moment.astimezone(UTC)


@cache
def zone_names() -> frozenset[str]:
    """The IANA names a client may have, as this machine knew them when first asked."""
    return frozenset(name for name in available_timezones() if _is_place(name))


def _is_place(name: str) -> bool:
    return name not in _NOT_PLACES and not name.startswith(("posix/", "right/"))


def is_zone(name: str) -> bool:
    """Whether `name` is one of `zone_names()`, letter for letter."""
    return name in zone_names()


@cache
def _place(zone: str) -> ZoneInfo:
    # kept for good: ZoneInfo itself remembers eight zones and reads the others from disk each time
    if not is_zone(zone):
        raise ValueError(f"no such time zone: {zone!r}")
    return ZoneInfo(zone)


def local_hour(zone: str, moment: datetime) -> int:
    """The hour of the day, 0 to 23, that the clocks of `zone` show."""
    return _aware(moment).astimezone(_place(zone)).hour


def utc_offset_label(zone: str, moment: datetime) -> str:
    """How far the clocks of `zone` are from UTC at `moment`: `UTC+10`, `UTC+5:45`, `UTC-3:30`, `UTC`."""
    offset = _aware(moment).astimezone(_place(zone)).utcoffset() or timedelta()
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    if not hours and not minutes:
        return "UTC"
    sign = "-" if offset < timedelta() else "+"
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")
