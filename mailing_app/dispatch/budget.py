"""The retry budget: while the gateway flaps, repeats stay a small share of all calls, whatever each message wants."""

from collections import deque

SHARE = 0.25
"""Repeats earned by a first attempt while the gateway flaps: calls stay below 1.3 times the messages."""

TRICKLE = 1.0
"""Repeats a second that are always free: they find out whether the gateway is well again."""

AT_FIRST = 20.0
"""What there is when the gateway begins to flap, whatever went well before."""

RECENT, FLAPPING = 50, 0.1
"""The budget binds while more than this share of so many recent outcomes failed; else few repeats are needed."""


class Budget:
    """Times are seconds on a monotonic clock, given by the caller."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._faults = 0
        """How many of those did."""
        self._saved = AT_FIRST
        self._at: float | None = None

    @property
    def flaps(self) -> bool:
        """Whether the gateway flaps, and the budget binds."""
        return self._faults > FLAPPING * RECENT

    def note(self, well: bool) -> None:
        """Take one outcome into account."""
        if len(self._recent) == RECENT:
            self._faults -= not self._recent[0]
        self._recent.append(well)
        self._faults += not well

    def allows(self, seats: int, now: float) -> int:
        """How many of the free seats may go to repeats."""
        since, self._at = now - self._at if self._at is not None else 0.0, now
        if not self.flaps:
            self._saved = AT_FIRST
            return seats
        # Time alone saves up little, so that a night without a call is no licence for the morning.
        self._saved = max(self._saved, min(self._saved + since * TRICKLE, AT_FIRST))
        return min(seats, int(self._saved))

    def spend(self, firsts: int, repeats: int) -> None:
        """So many first attempts and repeats are made."""
        self._saved = max(self._saved + firsts * SHARE - repeats, 0.0)
