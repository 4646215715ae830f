"""Figures, the proof of the end, and the reports as CSV. What the tallies know is read from them, never counted."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import case, func, select

from mailing_app import clock, spreadsheet, traffic
from mailing_app.db import count_by, db
from mailing_app.mailings import in_phase
from mailing_app.models import Attempt, Client, Mailing, Message, Phase, Status, Tally

MAILING_COLUMNS = (
    "id", "name", "phase", "starts_at", "ends_at", "recipients", *Status,
    "last_first_byte_at", "first_bytes_after_end", "forgotten_at",
)  # fmt: skip
MESSAGE_COLUMNS = (
    "id", "client_id", "phone", "status", "reason", "attempts", "created_at", "due_at", "sent_at",
)  # fmt: skip

NOTHING_LEFT = ("not_sent", "not_begun")
"""The outcomes of attempts of which no byte left."""


OVER = (Phase.FINISHED, Phase.CANCELLED)

STEP_LENGTHS, MOST_STEPS = (1, 5, 15, 60), 60
"""Into steps of how many minutes the course of a mailing is divided, and how many there are at most."""


@dataclass(frozen=True)
class Course:
    """How much had been accepted and how many attempts had failed by each of the moments."""

    moments: Sequence[datetime]
    series: Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Proof:
    """That nothing left at or after the end: `after_end` counts the first bytes that did.

    It is above zero only when somebody moved the end to before what had left already.
    """

    last_first_byte_at: datetime | None
    ends_at: datetime
    after_end: int


def proof(mailing: Mailing) -> Proof:
    """How the mailing kept its end. Nothing is counted unless its latest first byte asks for it."""
    last = mailing.tally.last_byte_at
    after_end = _first_bytes_after_end(mailing) if last and last >= mailing.ends_at else 0
    return Proof(last, mailing.ends_at, after_end)


def statistics(tally: Tally) -> dict[str, int]:
    """A mailing's figures: recipients, then the seven states whose sum they are."""
    return {"recipients": tally.recipients} | {status.value: getattr(tally, status) for status in Status}


def totals() -> dict[str, dict[str, int]]:
    """Mailings by phase and messages by status; deleted mailings count only in the messages."""
    return {"mailings": _mailings_by_phase(), "messages": _messages_by_status()}


def course(mailing: Mailing, now: datetime) -> Course | None:
    """How a mailing went on until now, in even steps; None before its first attempt ended."""
    extent = traffic.extent(mailing.id)
    if extent is None:
        return None
    begin, last = extent
    until = last if mailing.phase(now) in OVER else max(last, traffic.minute_of(now))
    minutes = (until - begin) // traffic.MINUTE + 1
    length = next((each for each in STEP_LENGTHS if minutes <= each * MOST_STEPS), -(-minutes // MOST_STEPS))
    steps = traffic.steps(begin, until + traffic.MINUTE, length * traffic.MINUTE, mailing.id)
    kinds = traffic.by_kind(steps)
    accepted = list(accumulate(kinds.pop(traffic.ACCEPTED)))
    failing = list(accumulate(map(sum, zip(*kinds.values(), strict=True))))
    # The line begins on the ground, at the beginning of the first step.
    moments = [begin, *(min(step.began_at + length * traffic.MINUTE, now) for step in steps)]
    return Course(moments, {"accepted": [0, *accepted], "failed": [0, *failing]})


def breakdown(mailing_id: int) -> Mapping[str, Mapping[str, Counter[str]]]:
    """A mailing's messages by status, for each operator code and for each zone, both in the order of their sizes.

    Counted when it is asked for, in one statement.
    """
    keys = (Client.operator_code, Client.timezone, Message.status)
    statement = select(*keys, func.count()).join(Client).where(Message.mailing_id == mailing_id).group_by(*keys)
    codes, zones = defaultdict[str, Counter[str]](_nothing), defaultdict[str, Counter[str]](_nothing)
    for code, zone, status, number in db.session.execute(statement):
        codes[code][status.value] += number
        zones[zone][status.value] += number
    return {"codes": _largest_first(codes), "zones": _largest_first(zones)}


def mailings_csv() -> Iterator[bytes]:
    """One line a mailing."""
    return spreadsheet.stream(MAILING_COLUMNS, _mailing_rows())


def messages_csv(mailing_id: int) -> Iterator[bytes]:
    """One line a message of the mailing, in the order of its clients."""
    return spreadsheet.stream(MESSAGE_COLUMNS, _message_rows(mailing_id))


def _nothing() -> Counter[str]:
    return Counter(dict.fromkeys((status.value for status in Status), 0))


def _largest_first(parts: Mapping[str, Counter[str]]) -> dict[str, Counter[str]]:
    return dict(sorted(parts.items(), key=lambda part: (-part[1].total(), part[0])))


def _mailings_by_phase() -> dict[str, int]:
    now = clock.now()
    counted = [count_by(in_phase(phase, now)) for phase in Phase]
    row = db.session.execute(select(*counted, func.count()).where(Mailing.deleted_at.is_(None))).one()
    return dict(zip([*(phase.value for phase in Phase), "total"], map(int, row), strict=True))


def _messages_by_status() -> dict[str, int]:
    sums = [func.coalesce(func.sum(getattr(Tally, status)), 0) for status in Status]
    row = [int(value) for value in db.session.execute(select(*sums)).one()]
    return {"recipients": sum(row)} | dict(zip((status.value for status in Status), row, strict=True))


def _mailing_rows() -> Iterator[list[Any]]:
    now = clock.now()
    statement = select(Mailing).where(Mailing.deleted_at.is_(None)).order_by(Mailing.id)
    for mailing in db.session.scalars(statement.execution_options(yield_per=500)):
        shown = [mailing.id, mailing.name, mailing.phase(now).value, mailing.starts_at, mailing.ends_at]
        kept = proof(mailing)
        ends = [kept.last_first_byte_at, kept.after_end, mailing.forgotten_at]
        yield [*shown, *statistics(mailing.tally).values(), *ends]


def _first_bytes_after_end(mailing: Mailing) -> int:
    late = (Attempt.started_at >= mailing.ends_at, Attempt.outcome.not_in(NOTHING_LEFT))
    statement = select(func.count()).select_from(Attempt).join(Message).where(Message.mailing_id == mailing.id, *late)
    return int(db.session.scalar(statement) or 0)


def _message_rows(mailing_id: int) -> Iterator[Any]:
    named = {"phone": case((Mailing.forgotten_at.is_(None), func.coalesce(Message.phone, Client.phone)))}
    columns: list[Any] = [named.get(name, getattr(Message, name, None)) for name in MESSAGE_COLUMNS]
    both = select(*columns).select_from(Message).join(Message.client).join(Message.mailing)
    statement = both.where(Message.mailing_id == mailing_id).order_by(Message.client_id)
    yield from db.session.execute(statement.execution_options(yield_per=2000))
