"""Old traffic by the hour instead of by the minute, and what processes that are gone have left.

Rows are deleted and what they told is added elsewhere, in one transaction and by what the DELETE itself returned: every
sum stays as it was, whoever else folds or counts at that moment.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, delete, exists, func, or_, select

from mailing_app import traffic
from mailing_app.batches import Upsert
from mailing_app.db import Moment, changed, db, look_again, transaction
from mailing_app.models import Dispatcher, Id, Message, Meter, Process, Status, Traffic

TOGETHER = 0
"""Under this id stands what several dispatchers did."""

GONE_FOR = timedelta(days=1)
"""How long a dispatcher has said goodbye, or was buried, before its counters are added to the others'."""

AT_A_TIME = 10 * traffic.MINUTE
"""A part of an hour, so that the write lock is short: about 10 ms on SQLite for a thousand rows."""

REST = 0.02
"""Seconds between two parts."""

_KEY: dict[str, Any] = {
    "minute_at": Moment(), "mailing_id": Id, "dispatcher_id": Id, "outcome": String(), "up_to": Integer(),
}  # fmt: skip
_traffic = Upsert(Traffic, list(_KEY), lambda more: {"number": Traffic.number + more.number}, **_KEY, number=Integer())

_CLASS: dict[str, Any] = {"dispatcher_id": Id, "outcome": String(), "up_to": Integer()}
_meter = Upsert(
    Meter, list(_CLASS), lambda more: {name: getattr(Meter, name) + more[name] for name in ("number", "milliseconds")},
    **_CLASS, number=Id, milliseconds=Id,
)  # fmt: skip


def fold_traffic(now: datetime, rest: Callable[[float], Any]) -> int:
    """Add up by the hour of the clock what is older than it is kept by the minute; how many rows were folded."""
    before, folded = traffic.hour_of(now - traffic.BY_THE_MINUTE_FOR), 0
    minute_at = _next_minute(None, before)
    while minute_at is not None:
        hour = traffic.hour_of(minute_at)
        until = min(minute_at + AT_A_TIME, hour + traffic.HOUR)
        folded += _fold(hour, minute_at, until)
        if rest(REST):
            break
        minute_at = _next_minute(until, before)
    return folded


def fold_meter(now: datetime) -> None:
    """Add the counters of dispatchers that are gone to those of all who are."""
    there = select(Dispatcher.id).where(or_(Dispatcher.left_at.is_(None), Dispatcher.left_at > now - GONE_FOR))
    gone = delete(Meter).where(Meter.dispatcher_id != TOGETHER, Meter.dispatcher_id.not_in(there))
    with transaction() as session:
        sums: defaultdict[tuple[str, int], Counter[str]] = defaultdict(Counter)
        for row in session.execute(gone.returning(Meter.outcome, Meter.up_to, Meter.number, Meter.milliseconds)):
            sums[row.outcome, row.up_to].update({"number": row.number, "milliseconds": row.milliseconds})
        named = [{"outcome": outcome, "up_to": up_to} | told for (outcome, up_to), told in sorted(sums.items())]
        if named:
            _meter.put(session, [{"dispatcher_id": TOGETHER} | row for row in named])


def drop_the_gone(now: datetime) -> None:
    """Remove the rows of processes that ended long ago. A dispatcher that owns a message stays: it is still to be taken
    from it."""
    old = now - traffic.BY_THE_MINUTE_FOR - GONE_FOR
    owns = exists().where(Message.is_in(Status.SENDING), Message.claimed_by == Dispatcher.id)
    with transaction() as session:
        changed(session, delete(Dispatcher).where(Dispatcher.left_at < old, ~owns))
        changed(session, delete(Process).where(Process.beat_at < old))


def _next_minute(since: datetime | None, before: datetime) -> datetime | None:
    """The first minute from then on that is not folded."""
    look_again()
    unfolded = (Traffic.dispatcher_id != TOGETHER, Traffic.minute_at < before)
    found = select(func.min(Traffic.minute_at)).where(*unfolded, *([Traffic.minute_at >= since] if since else []))
    return db.session.scalar(found)


def _fold(hour: datetime, since: datetime, until: datetime) -> int:
    """Add these minutes to their hour."""
    within = (Traffic.minute_at >= since, Traffic.minute_at < until, Traffic.dispatcher_id != TOGETHER)
    told = (Traffic.mailing_id, Traffic.outcome, Traffic.up_to, Traffic.number)
    with transaction() as session:
        rows = session.execute(delete(Traffic).where(*within).returning(*told)).all()
        sums = Counter[tuple[int, str, int]]()
        for mailing_id, outcome, up_to, number in rows:
            sums[mailing_id, outcome, up_to] += number
        named = [
            {"minute_at": hour, "dispatcher_id": TOGETHER, "mailing_id": mailing_id, "outcome": outcome, "up_to": up_to,
             "number": number}
            for (mailing_id, outcome, up_to), number in sorted(sums.items())
        ]  # fmt: skip
        if named:
            _traffic.put(session, named)
    return len(rows)
