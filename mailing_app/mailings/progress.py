"""The progress of a running mailing: how fast it goes, when it will be done, and who waits for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from mailing_app import texts, traffic
from mailing_app.db import db
from mailing_app.models import Client, Mailing, Message, Phase, Status

COUNTED, OPENINGS_SHOWN = 5_000, 3
"""No more than so many are counted of those who wait for one moment, and of no more than so many openings: every open
page asks again and again."""

QUARTER = timedelta(minutes=15)
"""The offsets of the world's clocks are multiples of it, so windows open at a few moments only."""

OPENINGS_WITHIN = timedelta(hours=49)
RETRIES_WITHIN = timedelta(hours=1)
A_MOMENT = timedelta(microseconds=1)

AT_THE_LIMIT = 0.9
"""From this share of the configured rate on it is the limit that sets the pace."""


@dataclass(frozen=True)
class Waiting:
    """So many messages wait until a moment; `more` says that there are more than were counted."""

    number: int
    more: bool
    until: datetime
    zone: str = ""
    """Where the window opens then; other zones may have the same hours."""


@dataclass(frozen=True)
class Progress:
    """`rate` is messages a second lately, `done_at` and `missed` what it comes to; no `done_at` without a rate."""

    rate: float
    left: int
    done_at: datetime | None
    missed: int
    windows: Sequence[Waiting]
    retries: Waiting | None
    at_the_limit: bool


def progress(mailing: Mailing, limit: float | None, by_parts: bool, now: datetime) -> Progress | None:
    """How a running mailing gets on; None for one that has nothing left or does not run.

    `limit` is GATEWAY_RATE, in SMS parts where `by_parts`. Read from few rows, however many messages there are.
    """
    left = mailing.tally.pending + mailing.tally.sending
    if mailing.phase(now) is not Phase.RUNNING or not left:
        return None
    rate = traffic.rate(now, mailing.attempted_at, mailing.id)
    windows, retries = _waits(mailing, now)
    done_at, missed = _forecast(left, windows, rate, now, mailing.ends_at)
    if done_at:
        done_at = max(done_at, _last_due(mailing) or done_at)
    fastest = limit / max(texts.parts(mailing.text).parts, 1) if limit and by_parts else limit
    return Progress(
        rate=rate,
        left=left,
        done_at=done_at,
        missed=missed,
        windows=windows,
        retries=retries,
        at_the_limit=bool(fastest) and traffic.rate(now) >= AT_THE_LIMIT * (fastest or 0),
    )


def _forecast(
    left: int, windows: Sequence[Waiting], rate: float, now: datetime, ends_at: datetime
) -> tuple[datetime | None, int]:
    """When the last one is written to at this rate, and how many the end comes before."""
    if not rate:
        return None, 0
    done_at, missed = now, 0
    free = max(left - sum(waiting.number for waiting in windows), 0)
    for number, from_then in [(free, now), *((waiting.number, waiting.until) for waiting in windows)]:
        begin = max(done_at, from_then)
        done_at = begin + timedelta(seconds=number / rate)
        missed += number - min(number, int(max((ends_at - begin).total_seconds(), 0) * rate))
    return done_at, missed


def _waits(mailing: Mailing, now: datetime) -> tuple[list[Waiting], Waiting | None]:
    """Who waits for the next openings of the window, the soonest first, and who for a retry before them.

    The index is walked from moment to moment, however many wait for each.
    """
    openings = _openings(mailing, now)
    windows, retries, due_at = list[Waiting](), None, _next_due(mailing, now)
    while due_at and len(windows) < OPENINGS_SHOWN:
        later = [opening for opening in openings if opening >= due_at]
        if due_at in later:
            windows.append(_waiting(mailing, due_at, due_at, _zone_of_one(mailing, due_at)))
            due_at = _next_due(mailing, due_at)
            continue
        until = later[0] - A_MOMENT if later else due_at + RETRIES_WITHIN
        retries = retries or _waiting(mailing, due_at, until)
        due_at = _next_due(mailing, until) if later else None
    return windows, retries


def _openings(mailing: Mailing, now: datetime) -> list[datetime]:
    """When the window opens anywhere."""
    if mailing.window_from is None:
        return []
    hands = timedelta(minutes=mailing.window_from.minute % 15, seconds=mailing.window_from.second)
    first = traffic.minute_of(now).replace(minute=0) + hands
    moments = (first + place * QUARTER for place in range(OPENINGS_WITHIN // QUARTER))
    return [moment for moment in moments if moment > now]


def _waiting(mailing: Mailing, first: datetime, last: datetime, zone: str = "") -> Waiting:
    due = select(Message.due_at).where(*_pending(mailing), Message.due_at.between(first, last)).limit(COUNTED + 1)
    number = db.session.scalar(select(func.count()).select_from(due.subquery())) or 0
    return Waiting(min(number, COUNTED), number > COUNTED, first, zone)


def _next_due(mailing: Mailing, after: datetime) -> datetime | None:
    return db.session.scalar(select(func.min(Message.due_at)).where(*_pending(mailing), Message.due_at > after))


def _last_due(mailing: Mailing) -> datetime | None:
    return db.session.scalar(select(func.max(Message.due_at)).where(*_pending(mailing)))


def _pending(mailing: Mailing) -> tuple[ColumnElement[bool], ...]:
    return Message.mailing_id == mailing.id, Message.is_in(Status.PENDING)


def _zone_of_one(mailing: Mailing, due_at: datetime) -> str:
    one = select(Client.timezone).join(Message, Message.client_id == Client.id)
    return db.session.scalar(one.where(*_pending(mailing), Message.due_at == due_at).limit(1)) or ""
