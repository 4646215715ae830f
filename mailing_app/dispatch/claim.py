"""Claiming: the written word that a message may be on the wire from now on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailing_app import local_time
from mailing_app.db import db, transaction
from mailing_app.dispatch import gate
from mailing_app.dispatch.parts import Envelope
from mailing_app.dispatch.record import move, shifted
from mailing_app.mailings import in_phase
from mailing_app.models import Client, Mailing, Message, Phase, Status, Tally

BEGIN_WITHIN = 10.0
"""Seconds after its claim in which an exchange may begin; far less than anyone's lease."""


@dataclass(frozen=True, slots=True)
class Claimer:
    """Who claims, and how fast all dispatchers together may."""

    dispatcher_id: int
    rate: float | None = None

    def claim(self, seats: int, turn: int, now: datetime, monotonic: float) -> list[Envelope]:
        """At most as many due messages as there are free seats, marked as sending, ready to be posted.

        Running mailings share the seats evenly, earliest end first; `turn` moves who comes first
        when there are more mailings than seats.
        """
        if db.session.execute(_running(now).limit(1)).first() is None:
            return []  # found out without the write lock
        with transaction() as session:
            mailings = rotated(session.execute(_running(now)).all(), turn, seats)
            if not mailings:
                return []
            if self.rate is not None:
                seats = gate.draw_tokens(session, seats, self.rate, now)
            envelopes: list[Envelope] = []
            for place, mailing in enumerate(mailings):
                share = -(-(seats - len(envelopes)) // (len(mailings) - place))
                if share > 0:
                    envelopes += self._of(session, mailing, share, now, monotonic + BEGIN_WITHIN)
            numbers = Counter(envelope.mailing_id for envelope in envelopes)
            move(session, shifted(numbers, Status.PENDING, Status.SENDING), {})
            return envelopes

    def _of(self, session: Session, mailing: Any, share: int, now: datetime, stale_at: float) -> list[Envelope]:
        if not mailing.attempted_at:
            # An edit and the first claim wait for each other here, so that no text leaves that was just changed.
            mailing = session.execute(_running(now).where(Mailing.id == mailing.id).with_for_update(of=Mailing)).first()
        if mailing is None:
            return []
        rows = session.execute(_take(mailing.id, self.dispatcher_id, share, now)).all()
        if rows and not mailing.attempted_at:
            session.execute(update(Mailing).where(Mailing.id == mailing.id).values(attempted_at=now))
        zones = _zones(session, [row.client_id for row in rows]) if mailing.window_from else {}
        return [_envelope(mailing, row, zones.get(row.client_id, ""), now, stale_at) for row in rows]


def rotated(mailings: Sequence[Any], turn: int, seats: int) -> Sequence[Any]:
    """The mailings that share the seats this turn: all of them, or when they are too many, the next ones round."""
    if len(mailings) <= seats:
        return mailings
    start = (turn * max(seats, 1)) % len(mailings)
    return [*mailings[start:], *mailings[:start]][:seats]


def _running(now: datetime) -> Any:
    """The mailings that have somebody to write to, earliest end first."""
    columns = (
        Mailing.id, Mailing.text, Mailing.ends_at, Mailing.window_from, Mailing.window_to, Mailing.attempted_at,
    )  # fmt: skip
    waiting = select(*columns).join(Tally).where(in_phase(Phase.RUNNING, now), Tally.pending > 0)
    return waiting.where(Mailing.deleted_at.is_(None)).order_by(Mailing.ends_at, Mailing.id)


def _take(mailing_id: int, dispatcher_id: int, share: int, now: datetime) -> Any:
    """One statement for both databases: SKIP LOCKED vanishes by itself on SQLite, where one writes at a time."""
    due = (
        select(Message.id)
        .where(Message.mailing_id == mailing_id, Message.status == Status.PENDING, Message.due_at <= now)
        .order_by(Message.due_at)
        .limit(share)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    phone = select(Client.phone).where(Client.id == Message.client_id).scalar_subquery()
    return (
        update(Message)
        .where(Message.id.in_(select(due.c.id)))
        .values(
            status=Status.SENDING,
            claimed_by=dispatcher_id,
            epoch=Message.epoch + 1,
            phone=func.coalesce(Message.phone, phone),
        )
        .returning(
            Message.id, Message.client_id, Message.epoch, Message.phone,
            Message.attempts, Message.tries, Message.unknown,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _zones(session: Session, client_ids: Iterable[int]) -> dict[int, str]:
    rows = session.execute(select(Client.id, Client.timezone).where(Client.id.in_(list(client_ids))))
    return {row.id: row.timezone for row in rows}


def _envelope(mailing: Any, row: Any, zone: str, now: datetime, stale_at: float) -> Envelope:
    window = local_time.Window(mailing.window_from, mailing.window_to) if zone else None
    closes_at = mailing.ends_at
    if window:
        closes_at = min(closes_at, local_time.next_closing(window, zone, now))
    return Envelope(
        message_id=row.id,
        mailing_id=mailing.id,
        client_id=row.client_id,
        epoch=row.epoch,
        phone=row.phone or "",
        text=mailing.text,
        attempts=row.attempts,
        tries=row.tries,
        unknown=row.unknown,
        ends_at=mailing.ends_at,
        closes_at=closes_at,
        stale_at=stale_at,
        window=window,
        zone=zone,
    )
