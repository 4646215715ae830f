"""The only place that asks what time it is."""

import time
from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC: for starts, ends, windows and display."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds on a clock that nobody can set: for deadlines, leases and breakers."""
    return time.monotonic()
