"""The circuit breaker: a gateway that fails is left alone for a while, then asked by one message."""

from collections import deque

IN_A_ROW, RECENT = 5, 20
SHORTEST, LONGEST = 5.0, 60.0


class Breaker:
    """Closed: everything goes. Open: nothing does. Half open: one message goes, and its outcome decides.

    Times are seconds on a monotonic clock, given by the caller.
    """

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._in_a_row = 0
        self._rest = 0.0
        self._open_until: float | None = None

    def state(self, now: float) -> str:
        """`closed`, `open` or `half_open`."""
        if self._open_until is None:
            return "closed"
        return "open" if now < self._open_until else "half_open"

    def allows(self, seats: int, in_flight: int, now: float) -> int:
        """How many of the free seats may be taken."""
        state = self.state(now)
        if state == "closed":
            return seats
        return min(seats, 1) if state == "half_open" and in_flight == 0 else 0

    def note(self, well: bool, now: float) -> None:
        """Take one outcome into account."""
        if self._open_until is not None:
            self._note_while_open(well, now)
            return
        self._recent.append(well)
        if well:
            self._in_a_row = 0
            return
        self._in_a_row += 1
        half_of_them = len(self._recent) == RECENT and self._recent.count(False) * 2 >= RECENT
        if self._in_a_row >= IN_A_ROW or half_of_them:
            self._open(now)

    def _note_while_open(self, well: bool, now: float) -> None:
        """Late outcomes of what was in flight when it opened prove nothing while it rests."""
        if self.state(now) == "open":
            return
        if well:
            self.__init__()  # type: ignore[misc]
        else:
            self._open(now)

    def _open(self, now: float) -> None:
        self._rest = min(max(self._rest * 2, SHORTEST), LONGEST)
        self._open_until = now + self._rest
        self._in_a_row = 0
        self._recent.clear()
