"""Enrolment: when a mailing begins, its audience is fixed, one row a recipient."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import String, bindparam, func, literal, or_, select, union_all
from sqlalchemy.orm import Session

from mailing_app import figures, local_time, pulse
from mailing_app.batches import batch
from mailing_app.db import Moment, absence, after_commit, db, insert, look_again, run, transaction
from mailing_app.figures import Moves
from mailing_app.mailings import audience, expectation
from mailing_app.models import Client, EnrolmentSpan, Id, Mailing, Message, Trait

log = logging.getLogger(__name__)

CLIENTS_A_CHUNK = 5_000
"""About 30 ms of write lock on SQLite; along the client id, which is twice as fast as one big statement."""

SPANS_A_CUT = 8
"""So many chunks are set out at a time, for as many processes to be at work while nobody cuts."""


def enrol(now: datetime) -> bool:
    """One chunk for every mailing that has begun and is not enrolled yet; whether more is left to do.

    A mailing whose whole time passed while nobody dispatched is enrolled too: its recipients expire,
    and the report says so instead of showing nobody.
    """
    more, faults = False, []
    for mailing_id in _begun(now):
        try:
            more |= _chunk(mailing_id, now)
        except Exception as fault:  # one mailing that cannot be enrolled keeps no other from it
            if absence(fault):
                raise
            faults.append(fault)
    if faults and not more:
        raise faults[0]
    return more


def _begun(now: datetime) -> list[int]:
    look_again()
    # A process of the release before knows of no spans, and may have taken the audience for complete.
    left = or_(Mailing.enrolled_at.is_(None), Mailing.id.in_(select(EnrolmentSpan.mailing_id)))
    waiting = select(Mailing.id).where(
        left,
        Mailing.starts_at <= now,
        Mailing.cancelled_at.is_(None),
        Mailing.deleted_at.is_(None),
        Mailing.settled_at.is_(None),
    )
    return list(db.session.scalars(waiting.order_by(Mailing.ends_at, Mailing.id)))


def _chunk(mailing_id: int, now: datetime) -> bool:
    """Enrol one span of clients; whether more is left to do here. What others are at is left to them."""
    if _span_enrolled(mailing_id, now):
        return True
    if not _spans_cut(mailing_id, now):
        return False
    _span_enrolled(mailing_id, now)
    return True


def _span_enrolled(mailing_id: int, now: datetime) -> bool:
    """Enrol a span that nobody else is at; whether there was one. Restartable: it goes with what it asked for."""
    with transaction() as session:
        audience.lock_family(session, mailing_id)
        span = session.scalar(_free_span(mailing_id))
        if span is None:
            return False
        # Read once the span is locked: who changes whom the mailing is for, or stops it, waits for all spans first.
        mailing = session.get_one(Mailing, mailing_id, populate_existing=True)
        if not _begun_by(mailing, now):
            return False
        with pulse.ENROLMENT.time():
            _enrol(session, mailing, span, now)
        return True


def _enrol(session: Session, mailing: Mailing, span: EnrolmentSpan, now: datetime) -> None:
    these = (Client.id > span.after, Client.id <= span.upto)
    run(session, _insertion(session, mailing, [*these, *audience.of(mailing)], now))
    moves = Moves()
    moves.enrolled(mailing.id, _added(session, span, now), audience.opted_out(mailing, *these))
    session.delete(span)
    moves.write(session)


def _free_span(mailing_id: int) -> Any:
    spans = select(EnrolmentSpan).filter_by(mailing_id=mailing_id).order_by(EnrolmentSpan.upto)
    return spans.limit(1).with_for_update(skip_locked=True)


def _spans_cut(mailing_id: int, now: datetime) -> bool:
    """Cut the next spans; whether there were any. If not, and nobody is at one, the audience is complete."""
    with transaction() as session:
        only_it = {"of": Mailing, "key_share": True}
        mailing = session.get_one(Mailing, mailing_id, with_for_update=only_it, populate_existing=True)
        if mailing.enrolled_at or not _begun_by(mailing, now):
            return False
        spans = list(_next_spans(session, mailing))
        if spans:
            session.add_all(spans)
            mailing.enrolled_to = spans[-1].upto
        elif session.scalar(select(EnrolmentSpan.upto).filter_by(mailing_id=mailing_id).limit(1)) is None:
            _complete(session, mailing, now)
        return bool(spans)


def _next_spans(session: Session, mailing: Mailing) -> Iterator[EnrolmentSpan]:
    reached = mailing.enrolled_to
    for _ in range(SPANS_A_CUT):
        highest = select(func.max(Client.id)).scalar_subquery()
        first, last = session.execute(select(func.min(Client.id), highest).where(Client.id > reached)).one()
        if first is None:
            return
        upto = min(first + CLIENTS_A_CHUNK - 1, last)
        yield EnrolmentSpan(mailing_id=mailing.id, after=reached, upto=upto)
        reached = upto


def _complete(session: Session, mailing: Mailing, now: datetime) -> None:
    mailing.enrolled_at = now
    told = {"mailing_id": mailing.id, "messages": mailing.tally.recipients}
    after_commit(session, lambda: log.info("audience complete", extra=told))
    after_commit(session, partial(expectation.keep, mailing.id, now))


def _begun_by(mailing: Mailing, now: datetime) -> bool:
    stopped = mailing.settled_at or mailing.cancelled_at or mailing.deleted_at
    return not stopped and mailing.starts_at <= now


def _insertion(session: Session, mailing: Mailing, chosen: list[Any], now: datetime) -> Any:
    """INSERT … SELECT of everyone in the chunk who matches; who is there already stays as it is."""
    columns = ["mailing_id", "client_id", *_TRAITS, "created_at", "due_at", *_DEFAULTS]
    due_at, where = literal(mailing.starts_at, Moment()), chosen
    if mailing.window is not None:
        openings = _openings(session, mailing, chosen, now)
        due_at, where = openings.c.due_at, [*chosen, Client.timezone == openings.c.timezone]
    enrolled_at = literal(now, Moment())
    picked = select(literal(mailing.id), Client.id, *_TRAITS.values(), enrolled_at, due_at, *_DEFAULTS.values())
    ordered = picked.where(*where).order_by(Client.id)
    return insert(Message).from_select(columns, ordered, include_defaults=False).on_conflict_do_nothing()


def _added(session: Session, span: EnrolmentSpan, now: datetime) -> Mapping[Trait, Counter[str]]:
    """How many really became recipients just now, by each thing that they are."""
    found = {trait: Counter[str]() for trait in figures.OF_CLIENTS}
    these = {"of": span.mailing_id, "after": span.after, "upto": span.upto, "enrolled_at": now}
    for trait, value, number in run(session, _counting(), **these):
        found[trait][value] = number
    return found


@cache
def _counting() -> Any:
    """By one trait after the other: of all three together there may be as many as recipients."""
    of, after, upto = (bindparam(name, type_=Id) for name in ("of", "after", "upto"))
    these = (Message.mailing_id == of, Message.client_id > after, Message.client_id <= upto)
    enrolled_at = bindparam("enrolled_at", type_=Moment())
    added = select(*figures.OF_CLIENTS.values()).where(*these, Message.created_at == enrolled_at).cte("added")
    columns = {trait: added.c[column.key] for trait, column in figures.OF_CLIENTS.items()}
    each = (select(literal(trait), value, func.count()).group_by(value) for trait, value in columns.items())
    return union_all(*each)


def _openings(session: Session, mailing: Mailing, chosen: list[Any], now: datetime) -> Any:
    """When each zone of the chunk may be written to: a zone at a time, not a row at a time."""
    zones = session.scalars(select(Client.timezone).where(*chosen).distinct())
    rows = [{"timezone": zone, "due_at": _due_at(mailing, zone, now)} for zone in zones]
    return batch(rows, timezone=String(), due_at=Moment())


def _due_at(mailing: Mailing, zone: str, now: datetime) -> datetime:
    """Who may be written to at once is due since the start: a clock that is set back later makes nobody wait."""
    assert mailing.window
    opening = local_time.next_opening(mailing.window, zone, now)
    return mailing.starts_at if opening == now else opening


_TRAITS = {"enrolled_code": Client.operator_code, "enrolled_zone": Client.timezone, "enrolled_tag": Client.tag}

_DEFAULTS: dict[str, Any] = {
    "status": literal("pending"),
    "reason": literal(""),
    "attempts": literal(0),
    "tries": literal(0),
    "unknown": literal(False),
    "epoch": literal(0),
}
