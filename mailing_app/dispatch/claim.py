"""Claiming: the written word that a message may be on the wire from now on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Integer, bindparam, case, func, select, update
from sqlalchemy.orm import Session

from mailing_app import local_time, merge, pulse
from mailing_app.db import Moment, db, run, transaction
from mailing_app.dispatch.parts import Envelope
from mailing_app.dispatch.rate import Bucket, Rate, drawing
from mailing_app.figures import Moves
from mailing_app.mailings import in_phase
from mailing_app.models import Client, Mailing, Message, Phase, Status, Tally, WhenUncertain

NOW: Any = bindparam("now", type_=Moment())
"""The present moment, for statements that are built once."""

BEGIN_WITHIN = 10.0
"""Seconds after its claim in which an exchange may begin; far less than anyone's lease."""

PUT_OFF, LOOKED_AT = timedelta(seconds=10), 1000
"""By how much a repeat is put off that the retry budget has no room for, so that first attempts get past it; and how
many messages at a time are looked at for that."""


@dataclass(slots=True)
class Claimer:
    """Who claims, how fast all dispatchers together may, and whether the gateway delivers a repeated id only once."""

    dispatcher_id: int
    rate: Rate | None = None
    deduplicates: bool = True
    _finds: bool = field(default=False, init=False)
    """Whether the last claim found somebody: then the next one need not look first."""
    _past: int = field(default=0, init=False)
    """How far the round is, while there are more running mailings than seats or tokens."""

    def claim(self, seats: int, repeats: int, now: datetime, monotonic: float) -> list[Envelope]:
        """At most as many due messages as there are free seats, marked as sending, ready to be posted.

        At most `repeats` of them were attempted before. Running mailings share the seats and the rate evenly, earliest
        end first; where there are more than seats or tokens, the next ones round.
        """
        if not self._finds and run(db.session(), _any_running(), now=now).first() is None:
            return []  # found out without the write lock
        envelopes = self._claimed(seats, repeats, now, monotonic)
        self._finds = bool(envelopes)
        return envelopes

    def _claimed(self, seats: int, repeats: int, now: datetime, monotonic: float) -> list[Envelope]:
        with pulse.CLAIM.time(), transaction() as session:
            running = run(session, _running(), now=now).all()
            if not running:
                return []
            with drawing(session, self.rate) as bucket:
                mailings = _rotated(running, self._past, min(seats, bucket.whole))
                envelopes, served = self._shared_out(session, bucket, mailings, seats, repeats, now, monotonic)
            self._past = self._past + served if served < len(running) else 0
            moves = Moves()
            for mailing_id, number in Counter(envelope.mailing_id for envelope in envelopes).items():
                moves.many(mailing_id, Status.PENDING, Status.SENDING, number)
            moves.write(session)
            return envelopes

    def _shared_out(
        self, session: Session, bucket: Bucket, mailings: Sequence[Any], seats: int, repeats: int, now: datetime,
        monotonic: float,
    ) -> tuple[list[Envelope], int]:  # fmt: skip
        """What is claimed of these mailings, and how many of them had their share."""
        envelopes: list[Envelope] = []
        for served, mailing in enumerate(mailings := _held(session, mailings, now)):
            room = min(seats - len(envelopes), bucket.affords(mailing.text))
            if room < 1:
                return envelopes, served  # it waits for its tokens: those behind would take them one by one
            share = _share(room, len(mailings) - served)
            again = repeats - sum(envelope.attempts > 0 for envelope in envelopes)
            claimed = self._of(session, mailing, share, again, now, monotonic + BEGIN_WITHIN)
            bucket.draw(envelope.text for envelope in claimed if envelope.may_leave(now))
            envelopes += claimed
        return envelopes, len(mailings)

    def _of(
        self, session: Session, mailing: Any, share: int, repeats: int, now: datetime, stale_at: float
    ) -> list[Envelope]:
        rows = self._take(session, mailing, share, repeats, now)
        if rows and not mailing.attempted_at:
            session.execute(update(Mailing).where(Mailing.id == mailing.id).values(attempted_at=now))
        zones = _zones(session, [row.client_id for row in rows]) if mailing.window_from else {}
        repeats_unknown = self.deduplicates or mailing.when_uncertain is WhenUncertain.SEND_AGAIN
        return [_envelope(mailing, row, zones.get(row.client_id, ""), now, stale_at, repeats_unknown) for row in rows]

    def _take(self, session: Session, mailing: Any, share: int, repeats: int, now: datetime) -> Sequence[Any]:
        """The claim itself. The retry budget may make it necessary to look first at who is due."""
        merging, chosen = bool(merge.merge_fields(mailing.text)), repeats < share
        if chosen:
            due: dict[str, Any] = {"ids": _due_within(session, mailing.id, share, repeats, now)}
        else:
            due = {"of": mailing.id, "most": share, "now": now}
        taken: Sequence[Any] = run(session, _taking(merging, chosen), claimer=self.dispatcher_id, **due).all()
        return taken


def _rotated(mailings: Sequence[Any], past: int, room: int) -> Sequence[Any]:
    """The mailings that share the room this time: as many as there is room for, the first of them as far on."""
    start = past % len(mailings)
    return [*mailings[start:], *mailings[:start]][:room]


def _held(session: Session, mailings: Sequence[Any], now: datetime) -> Sequence[Any]:
    """The same, but for those that run no longer. Those that nobody was written to yet are locked, one after the other
    by their ids: an edit and the first claim wait for each other, so that no text leaves that was just changed.
    """
    fresh = [mailing.id for mailing in mailings if not mailing.attempted_at]
    if not fresh:
        return mailings
    held = {mailing.id: mailing for mailing in run(session, _still_running(), now=now, ids=fresh)}
    return [held.get(mailing.id, mailing) for mailing in mailings if mailing.attempted_at or mailing.id in held]


@cache
def _running() -> Any:
    """The mailings that have somebody to write to, earliest end first."""
    columns = (
        Mailing.id, Mailing.text, Mailing.starts_at, Mailing.ends_at, Mailing.window_from, Mailing.window_to,
        Mailing.attempted_at, Mailing.when_uncertain,
    )  # fmt: skip
    # Who only waits, for a retry or a window, must not take a turn, a share or a probe from who is due.
    due = (Message.mailing_id == Tally.mailing_id, Message.is_in(Status.PENDING), Message.due_at <= NOW)
    # Not EXISTS, nor without its order: PostgreSQL would join all that is due, or look for one through the whole table.
    # Of the tally's mailing, so that nobody is looked for in one where nobody waits.
    first = select(Message.id).where(*due).order_by(Message.due_at).limit(1).correlate(Tally).scalar_subquery()
    waiting = select(*columns).join(Tally).where(in_phase(Phase.RUNNING, NOW), Tally.pending > 0, first.is_not(None))
    return waiting.where(Mailing.deleted_at.is_(None)).order_by(Mailing.ends_at, Mailing.id)


@cache
def _any_running() -> Any:
    return _running().limit(1)


@cache
def _still_running() -> Any:
    these = _running().where(Mailing.id.in_(bindparam("ids", expanding=True))).order_by(None).order_by(Mailing.id)
    return these.with_for_update(of=Mailing, key_share=True)


def _share(room: int, mailings: int) -> int:
    """What each of so many mailings gets of the room, rounded up so that the first in line get the rest."""
    return -(-room // mailings)


def _due_within(session: Session, mailing_id: int, share: int, repeats: int, now: datetime) -> list[int]:
    """The ids of those due, with no more repeats among them than the budget has room for; the others are put off.

    It looks far beyond its share: else a crowd of repeats that have to wait would hide who was never tried.
    """
    looked_at = max(share, LOOKED_AT)
    due = run(session, _first_due(), of=mailing_id, most=looked_at, now=now).all()
    put_off = [row.id for row in due if row.attempts][max(repeats, 0) :]
    if put_off:
        session.execute(update(Message).where(Message.id.in_(put_off)).values(due_at=now + PUT_OFF))
    waiting = set(put_off)
    return [row.id for row in due if row.id not in waiting][:share]


@cache
def _first_due() -> Any:
    """One statement for both databases: SKIP LOCKED vanishes by itself on SQLite, where one writes at a time."""
    return (
        select(Message.id, Message.attempts)
        .where(Message.mailing_id == bindparam("of"), Message.is_in(Status.PENDING), Message.due_at <= NOW)
        .order_by(Message.due_at)
        .limit(bindparam("most", type_=Integer()))
        .with_for_update(skip_locked=True)
    )


@cache
def _taking(merging: bool, chosen: bool) -> Any:
    """Take those who are due first, or those chosen already. Where the text has merge fields, their values are taken
    from the client as the phone is.
    """
    due: Any = bindparam("ids", expanding=True) if chosen else select(_first_due().cte("due").c.id)
    fields = (Message.operator_code, Message.tag)
    taken = {field.key: case((Message.frozen, field), else_=_present(field.key)) for field in fields if merging}
    return (
        update(Message)
        .where(Message.id.in_(due))
        .values(
            status=Status.SENDING,
            claimed_by=bindparam("claimer"),
            epoch=Message.epoch + 1,
            phone=func.coalesce(Message.phone, _present("phone")),
            **taken,
        )
        .returning(
            Message.id, Message.client_id, Message.claimed_by, Message.epoch, Message.phone, *fields,
            Message.attempts, Message.tries, Message.unknown, Message.frozen, _withdrawn().label("withdrawn"),
        )
    )  # fmt: skip


def _present(name: str) -> Any:
    return select(getattr(Client, name)).where(Client.id == Message.client_id).scalar_subquery()


def _withdrawn() -> Any:
    """Why the client is not to be written to after all: an opt-out finds neither what is on the wire nor what an
    enrolment that began before it commits after it.
    """
    why = case(
        (Client.opted_out_at.is_not(None), "client_opted_out"), (Client.phone.is_(None), "client_erased"), else_=""
    )
    return select(why).where(Client.id == Message.client_id).correlate(Message).scalar_subquery()


def _zones(session: Session, client_ids: Iterable[int]) -> dict[int, str]:
    rows = run(session, _zones_of(), ids=list(client_ids))
    return {row.id: row.timezone for row in rows}


@cache
def _zones_of() -> Any:
    return select(Client.id, Client.timezone).where(Client.id.in_(bindparam("ids", expanding=True)))


def _text(text: str, row: Any) -> str:
    """What the client reads. A message without values left as its text stands before there were any merge fields."""
    if row.operator_code is None:
        return text
    return merge.merged(text, phone=row.phone or "", operator_code=row.operator_code, tag=row.tag or "")


def _envelope(mailing: Any, row: Any, zone: str, now: datetime, stale_at: float, repeats: bool) -> Envelope:
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
        text=_text(mailing.text, row),
        attempts=row.attempts,
        tries=row.tries,
        unknown=row.unknown,
        frozen=row.frozen,
        repeats=repeats,
        withdrawn=row.withdrawn,
        opens_at=mailing.starts_at,
        ends_at=mailing.ends_at,
        closes_at=closes_at,
        dispatcher_id=row.claimed_by,
        stale_at=stale_at,
        window=window,
        zone=zone,
    )
