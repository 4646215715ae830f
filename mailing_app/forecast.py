"""Will it finish? Who of an audience is reached by the end, at a rate and under a window of local hours."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailing_app import local_time
from mailing_app.local_time import Window

NEVER_OPENS = "window_never_opens"
"""The client's window does not open before the end."""
OVER = "term_is_over"
"""The end has passed already."""
NO_TIME = "not_enough_time"
"""It opens, but the end comes first."""
TOO_FAR = "more_than_a_month"
"""The end is far away, and so is the client's turn: nobody reckons further than `FAR_ENOUGH`."""

FAR_ENOUGH = timedelta(days=31)
_DUST = 1e-6
"""Of a message: what is left of it when sums of fractions are a little off."""


@dataclass(frozen=True, slots=True)
class Missed:
    """So many of those with this offset from UTC will not be reached."""

    offset: str
    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """What becomes of the audience. Without a rate nobody knows `reached`, and only closed windows are told.

    `done_at` is when the last one is reached, known only where everyone is whose window opens.
    """

    reached: int | None
    done_at: datetime | None
    missed: tuple[Missed, ...]


@dataclass(slots=True)
class _Crowd:
    """Those of one zone: how many are left, since when they are due, and until when they may be written to."""

    zone: str
    left: float
    due_at: datetime
    closes_at: datetime


def forecast(
    numbers: Mapping[str, int], begins_at: datetime, ends_at: datetime, window: Window | None, rate: float | None
) -> Forecast:
    """Reckon the sending of a mailing to so many clients of each zone, at `rate` messages a second, nothing beside it.

    In the order of the dispatcher: who was due first comes first, and those due at one moment share the rate evenly.
    """
    openings = {zone: _opening(window, zone, begins_at) for zone in numbers}
    never = NEVER_OPENS if begins_at < ends_at else OVER
    closed = [
        Missed(_offset(zone, begins_at), number, never) for zone, number in numbers.items() if openings[zone] >= ends_at
    ]
    if rate is None:
        return Forecast(None, None, _gathered(closed))
    horizon = min(ends_at, begins_at + FAR_ENOUGH) if window else ends_at
    crowds = [
        _Crowd(zone, number, openings[zone], _closing(window, zone, openings[zone], horizon))
        for zone, number in numbers.items()
        if openings[zone] < ends_at
    ]
    done_at = _run(crowds, window, begins_at, horizon, rate)
    late = list(_late(crowds, begins_at, NO_TIME if horizon == ends_at else TOO_FAR))
    missed = _gathered([*closed, *late])
    reached = sum(numbers.values()) - sum(each.number for each in missed)
    return Forecast(reached, done_at if reached and not late else None, missed)


def _run(crowds: list[_Crowd], window: Window | None, now: datetime, horizon: datetime, rate: float) -> datetime:
    """Serve the crowds until nobody is left or the horizon comes; when that was."""
    waiting = [crowd for crowd in crowds if crowd.left]
    while waiting and now < horizon:
        for crowd in waiting:
            if crowd.closes_at <= now:
                crowd.due_at = _opening(window, crowd.zone, now)
                crowd.closes_at = _closing(window, crowd.zone, crowd.due_at, horizon)
        first = min(crowd.due_at for crowd in waiting)
        if first > now:
            now = first
            continue
        served = [crowd for crowd in waiting if crowd.due_at == first]
        now = _serve(served, now, rate)
        waiting = [crowd for crowd in waiting if crowd.left]
    return now


def _serve(served: list[_Crowd], now: datetime, rate: float) -> datetime:
    """Give them the whole rate, each as its size is, until they are through or the first one closes; when that is."""
    number = sum(crowd.left for crowd in served)
    closes_at = min(crowd.closes_at for crowd in served)
    room = (closes_at - now).total_seconds() * rate
    if number <= room + _DUST:
        for crowd in served:
            crowd.left = 0
        return now + timedelta(seconds=number / rate)
    for crowd in served:
        crowd.left *= 1 - room / number
    return closes_at


def _late(crowds: Iterable[_Crowd], begins_at: datetime, reason: str) -> Iterator[Missed]:
    """Whole clients: the fractions of one that is half through make up one that is not."""
    behind, told = 0.0, 0
    for crowd in crowds:
        behind += crowd.left
        number = math.ceil(behind - _DUST) - told
        told += number
        if number:
            yield Missed(_offset(crowd.zone, begins_at), number, reason)


def _gathered(missed: Iterable[Missed]) -> tuple[Missed, ...]:
    """One for each offset and reason, the largest first."""
    numbers = Counter[tuple[str, str]]()
    for each in missed:
        numbers[each.offset, each.reason] += each.number
    return tuple(Missed(offset, number, reason) for (offset, reason), number in numbers.most_common() if number)


def _opening(window: Window | None, zone: str, moment: datetime) -> datetime:
    return local_time.next_opening(window, zone, moment) if window else moment


def _closing(window: Window | None, zone: str, moment: datetime, horizon: datetime) -> datetime:
    return min(horizon, local_time.next_closing(window, zone, moment)) if window else horizon


def _offset(zone: str, moment: datetime) -> str:
    return local_time.utc_offset_label(zone, moment)
