"""The only place that asks what time it is."""

import time
from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """The present moment, aware, in UTC: for starts, ends, windows and display."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that nobody can set: for deadlines, leases and breakers.

    It goes on while the machine sleeps, where there is such a clock (Linux): a claim grows old meanwhile.
    """
    return time.clock_gettime(_CLOCK)


_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Steps:
    """Notices when the wall clock was set, by the clock that nobody can set."""

    SMALLEST = timedelta(seconds=2)
    """A clock that is slewed, and a thread that is held up between two looks, stay below it."""

    def __init__(self) -> None:
        self._before: tuple[datetime, float] | None = None

    def since_last_look(self, wall: datetime, monotonic: float) -> timedelta:
        """By how much the wall clock was set since the last look; nothing for less than the smallest step."""
        before, self._before = self._before, (wall, monotonic)
        if before is None:
            return timedelta()
        step = (wall - before[0]) - timedelta(seconds=monotonic - before[1])
        return step if abs(step) >= self.SMALLEST else timedelta()
