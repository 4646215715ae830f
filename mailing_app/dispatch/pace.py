"""The brake of the embedded dispatcher: an interpreter saturated by senders makes its pages take seconds."""

import time

from mailing_app import clock

SHARE = 0.5
"""Of one core, for the whole process: beyond it every row and socket call of a page queues behind the senders."""

LONGEST_REST = 0.25


class Pace:
    """Tells how long to rest so that the process stays within its share."""

    def __init__(self) -> None:
        self._wall, self._used = clock.monotonic(), time.process_time()

    def __call__(self) -> float:
        """Seconds to rest now: what was used since the last call, stretched to the share."""
        wall, used = clock.monotonic(), time.process_time()
        spent, passed = used - self._used, wall - self._wall
        self._wall, self._used = wall, used
        return min(max(spent / SHARE - passed, 0.0), LONGEST_REST)
