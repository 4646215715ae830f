"""The audience of a mailing that has begun: how many it matched, and who of them was left out or cannot be reached."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from mailing_app import local_time
from mailing_app.forecast import NEVER_OPENS, OVER
from mailing_app.mailings import OPTED_OUT
from mailing_app.models import Mailing, Status, Trait
from mailing_app.reports.breakdown import Rows


@dataclass(frozen=True)
class Audience:
    """`matched` are the `recipients` and those who had opted out.

    `exclusions` tells by reason who was left out, or is a recipient and yet was not written to, since her window does
    not open before the end or the end had passed when the audience was complete.
    """

    matched: int
    recipients: int
    exclusions: dict[str, int]
    waiting: int
    """How many wait for their window to open just now, and it will."""


def audience(mailing: Mailing, rows: Rows, now: datetime) -> Audience:
    """Whom the mailing matched. Told from its figures by zone, its window and its term as they are now."""
    numbers, waiting = Counter({OPTED_OUT: mailing.tally.opted_out}), 0
    fixed_at = mailing.enrolled_at or now
    for zone, counts in rows[Trait.TIMEZONE]:
        if _opening(mailing, zone, fixed_at) >= mailing.ends_at:
            closed = NEVER_OPENS if fixed_at < mailing.ends_at else OVER
            numbers[closed] += counts[Status.PENDING] + counts[Status.EXPIRED]
        elif now < _opening(mailing, zone, now) < mailing.ends_at:
            waiting += counts[Status.PENDING]
    recipients = mailing.tally.recipients
    exclusions = {reason: number for reason, number in numbers.items() if number}
    return Audience(recipients + mailing.tally.opted_out, recipients, exclusions, waiting)


def _opening(mailing: Mailing, zone: str, moment: datetime) -> datetime:
    return local_time.next_opening(mailing.window, zone, moment) if mailing.window else moment
