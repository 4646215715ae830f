"""Enrolment: when a mailing begins, its audience is fixed, one row a recipient."""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import String, func, literal, select
from sqlalchemy.orm import Session

from mailing_app import figures, local_time, pulse
from mailing_app.batches import batch
from mailing_app.db import Moment, absence, after_commit, changed, db, insert, look_again, transaction
from mailing_app.figures import Moves
from mailing_app.mailings import audience, expectation
from mailing_app.models import Client, Mailing, Message

log = logging.getLogger(__name__)

CLIENTS_A_CHUNK = 20_000
"""About 20 ms of write lock on SQLite; along the client id, which is twice as fast as one big statement."""


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
    waiting = select(Mailing.id).where(
        Mailing.enrolled_at.is_(None),
        Mailing.starts_at <= now,
        Mailing.cancelled_at.is_(None),
        Mailing.deleted_at.is_(None),
    )
    return list(db.session.scalars(waiting.order_by(Mailing.ends_at, Mailing.id)))


def _chunk(mailing_id: int, now: datetime) -> bool:
    """Enrol the next clients by id. Restartable anywhere: the cursor moves in the same transaction."""
    with pulse.ENROLMENT.time(), transaction() as session:
        audience.lock_family(session, mailing_id)
        mailing = session.get_one(Mailing, mailing_id, populate_existing=True)
        if mailing.enrolled_at or mailing.cancelled_at or mailing.deleted_at or mailing.starts_at > now:
            return False
        last = _last_of_chunk(session, mailing.enrolled_to)
        if last is None:
            mailing.enrolled_at = now
            told = {"mailing_id": mailing_id, "messages": mailing.tally.recipients}
            after_commit(session, lambda: log.info("audience complete", extra=told))
            after_commit(session, partial(expectation.keep, mailing_id, now))
            log.info("audience complete", extra={"mailing_id": mailing_id})
            return False
        span = (Client.id > mailing.enrolled_to, Client.id <= last)
        chosen = [*span, *audience.of(mailing)]
        changed(session, _insertion(session, mailing, chosen, now))
        moves = Moves()
        moves.enrolled(mailing_id, _added(session, mailing, last, now), audience.opted_out(mailing, *span))
        mailing.enrolled_to = last
        session.flush()
        moves.write(session)
        return True


def _last_of_chunk(session: Session, after: int) -> int | None:
    ids = select(Client.id).where(Client.id > after).order_by(Client.id).limit(CLIENTS_A_CHUNK).subquery()
    last: int | None = session.scalar(select(func.max(ids.c.id)))
    return last


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


def _added(session: Session, mailing: Mailing, last: int, now: datetime) -> dict[tuple[str, str, str], int]:
    """How many really became recipients just now, by what they are."""
    span = (Message.client_id > mailing.enrolled_to, Message.client_id <= last, Message.created_at == now)
    traits = figures.OF_CLIENTS.values()
    counted = select(*traits, func.count()).where(Message.mailing_id == mailing.id, *span).group_by(*traits)
    rows: Sequence[Any] = session.execute(counted).all()
    return {(code, zone, tag): number for code, zone, tag, number in rows}


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
