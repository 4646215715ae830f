"""How much may be in flight: grows while all is well, halves when the gateway chokes (AIMD, as TCP does, RFC 5681)."""

FIRST = 8
"""Seats to begin with: enough to be quick, few enough for a gateway that has just come back."""


class Congestion:
    """Slow start, then additive increase, and multiplicative decrease, up to `most` seats.

    Times are seconds on a monotonic clock, given by the caller.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._allowed = float(min(FIRST, most))
        self._threshold = float(most)
        self._halved_at = float("-inf")

    @property
    def allowed(self) -> int:
        """How many requests may be in flight now; at least one."""
        return int(self._allowed)

    def thrive(self) -> None:
        """An answer as it should be: doubles the seats a round trip below the threshold, adds one above it."""
        grown = self._allowed + (1.0 if self._allowed < self._threshold else 1.0 / self._allowed)
        self._allowed = min(grown, float(self.most))

    def choke(self, began: float, now: float) -> None:
        """A request begun at `began` timed out or was told "too fast": one halving for all that were on their way."""
        if began < self._halved_at:
            return
        self._allowed = max(self._allowed / 2, 1.0)
        self._threshold = self._allowed
        self._halved_at = now
