"""The figures, of a mailing and of all: read from the tallies, never counted."""

from collections.abc import Mapping

from sqlalchemy import func, select

from mailing_app import clock
from mailing_app.db import count_by, db
from mailing_app.mailings import in_phase
from mailing_app.models import Breakdown, Mailing, Phase, Status, Tally, Trait


def statistics(tally: Tally) -> dict[str, int]:
    """A mailing's figures: recipients, then the seven states whose sum they are."""
    return {"recipients": tally.recipients} | {status.value: getattr(tally, status) for status in Status}


def totals() -> dict[str, dict[str, int]]:
    """Mailings by phase and messages by status; deleted mailings count only in the messages."""
    return {"mailings": _mailings_by_phase(), "messages": _messages_by_status()}


def by_reason() -> Mapping[tuple[str, str], int]:
    """The messages that have found their end, but for those sent at once, by status and reason; over all mailings."""
    ends = [status for status in Status if status not in (Status.PENDING, Status.SENDING)]
    sums = [func.sum(getattr(Breakdown, end)) for end in ends]
    # From each mailing to its few reasons by the key, an order that the outer join holds SQLite to: else every code,
    # zone and tag would be looked at.
    of_reasons = (Breakdown.mailing_id == Tally.mailing_id) & (Breakdown.trait == Trait.REASON)
    statement = select(Breakdown.value, *sums).select_from(Tally).outerjoin(Breakdown, of_reasons)
    rows = db.session.execute(statement.group_by(Breakdown.value))
    counted = {(end.value, row.value): int(number) for row in rows if row.value is not None
               for end, number in zip(ends, row[1:], strict=True)}  # fmt: skip
    return {key: number for key, number in counted.items() if number}


def _mailings_by_phase() -> dict[str, int]:
    now = clock.now()
    counted = [count_by(in_phase(phase, now)) for phase in Phase]
    row = db.session.execute(select(*counted, func.count()).where(Mailing.deleted_at.is_(None))).one()
    return dict(zip([*(phase.value for phase in Phase), "total"], map(int, row), strict=True))


def _messages_by_status() -> dict[str, int]:
    sums = [func.coalesce(func.sum(getattr(Tally, status)), 0) for status in Status]
    row = [int(value) for value in db.session.execute(select(*sums)).one()]
    return {"recipients": sum(row)} | dict(zip((status.value for status in Status), row, strict=True))
