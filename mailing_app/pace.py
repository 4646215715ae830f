"""The brake of what works beside pages: an interpreter saturated by others makes pages take seconds."""

import time
from collections.abc import Callable

from mailing_app import clock

SHARE = 0.5
"""Of one core, for the whole process: beyond it every row and socket call of a page queues behind the senders."""

LONGEST_REST = 0.25


class Pace:
    """Tells how long to rest so that what `used` reckons (seconds of processor time) stays within its share."""

    def __init__(self, share: float = SHARE, used: Callable[[], float] = time.process_time) -> None:
        self._share, self._reckon = share, used
        self._wall, self._used = clock.monotonic(), used()

    def __call__(self) -> float:
        """Seconds to rest now: what was used since the last call, stretched to the share."""
        wall, used = clock.monotonic(), self._reckon()
        spent, passed = used - self._used, wall - self._wall
        self._wall, self._used = wall, used
        return min(max(spent / self._share - passed, 0.0), LONGEST_REST)
