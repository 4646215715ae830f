"""The rate to reckon with: what the gateway was seen to take, and what it may be sent at most."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import current_app

from mailing_app import traffic

DAY, MONTH = timedelta(hours=24), timedelta(days=30)

ENOUGH = 60
"""Messages: a minute with fewer tells how little there was to send, not how fast it goes."""


class Origin(StrEnum):
    """Where a rate comes from."""

    DAY = "best_minute_of_day"
    MONTH = "best_minute_of_month"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many messages a second."""

    a_second: float
    origin: Origin


def allowed_rate() -> tuple[float | None, bool]:
    """How much may leave in a second (GATEWAY_RATE), and whether that counts SMS parts."""
    settings = current_app.config["SETTINGS"]
    return settings.gateway_rate, settings.gateway_rate_unit == "parts"


def expected(limit: float | None, now: datetime) -> Rate | None:
    """The rate to reckon with: the best one seen lately, but no more than `limit`; None when nothing is known."""
    seen = _seen(now)
    if limit and (seen is None or limit < seen.a_second):
        return Rate(limit, Origin.LIMIT)
    return seen


def _seen(now: datetime) -> Rate | None:
    """The best minute of the last day, else of the last month."""
    for since, origin in ((now - DAY, Origin.DAY), (now - MONTH, Origin.MONTH)):
        best = traffic.best_minute(since)
        if best >= ENOUGH:
            return Rate(best / 60, origin)
    return None
