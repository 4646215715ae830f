"""How many messages are claimed ahead of the seats, so that no seat waits while the pump is at the database."""

SMOOTHED_OVER = 1.0
"""Seconds: an answer to everything at once is no rate."""


class Ahead:
    """Learns how fast messages are accepted, and how long a turn of the pump is busy. Times are seconds, given by the
    caller on a monotonic clock. Never lets more than `most` lie ready: what a killed process may leave claimed, or
    posted and not recorded, beyond what is on the wire and what is being recorded.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rate = self._busy = 0.0
        self._at: float | None = None

    def number(self, turn: float) -> int:
        """How many may lie ready now, where turns take so long at least: enough for two. None where hardly any
        is accepted."""
        return min(int(self._rate * 2 * max(self._busy, turn)), self._most)

    def rest(self, most: float, ready: int) -> float:
        """Seconds until the next turn, at most so many: it is over before what lies ready is gone."""
        lasts = ready / self._rate if self._rate else most
        return max(min(most, lasts - self._busy), 0.0)

    def note(self, accepted: int, busy: float, now: float) -> None:
        """So many were accepted since the last note, and it took so long to see to all that came back."""
        passed = now - self._at if self._at is not None else 0.0
        self._at = now
        share = min(passed / SMOOTHED_OVER, 1.0)
        if passed > 0:
            self._rate += (accepted / passed - self._rate) * share
            self._busy += (busy - self._busy) * share
