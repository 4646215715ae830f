"""Mailings: plan, read, change. Planning one only writes a row; the dispatcher finds it."""

from collections.abc import Callable
from datetime import datetime, time
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, delete, or_, select
from sqlalchemy.orm import Session

from mailing_app import audit, clock, figures
from mailing_app.db import db, transaction
from mailing_app.errors import N_, NotFound, Refused, Stale
from mailing_app.local_time import Window
from mailing_app.models import Action, EnrolmentSpan, Mailing, Message, Phase, Tally
from mailing_app.paging import Page, page

ALWAYS_OPEN_TO_CHANGE = ("name", "ends_at", "when_uncertain")
"""What may still be changed once the first message was attempted."""

BEGUN = N_("Sending has begun: only the name, the end and what to do with uncertain messages can still be changed.")

FORGOTTEN = N_("The text and the phones of this mailing were erased: it can only be looked at, copied or deleted.")

ARCHIVED = N_("The messages of this mailing were archived: it can only be looked at, copied or deleted.")

DECIDE_THE_AUDIENCE = ("filter", "with_uncertain", "window_from", "window_to", "starts_at")


class Planned(NamedTuple):
    """A mailing planned from a form; `anew` is false when that very form had planned it before."""

    mailing: Mailing
    anew: bool


def add(**values: Any) -> Mailing:
    """Plan a mailing: `name, text, starts_at, ends_at, filter, window, when_uncertain`."""
    with transaction() as session:
        return new(session, values)


def once(form_key: str | None, planning: Callable[[Session], Mailing]) -> Planned:
    """Plan a mailing unless the page with this mark did so before: the table lets a mark in once, so of two clicks at
    the same moment one waits for the other and then gets its mailing."""
    try:
        with transaction({"uq_mailing_form_key": _Repeated}) as session:
            return Planned(planning(session), anew=True)
    except _Repeated:
        return Planned(db.session.scalars(select(Mailing).filter_by(form_key=form_key)).one(), anew=False)


def planned_from(form_key: str) -> bool:
    """Whether the page with this mark planned a mailing already."""
    return db.session.scalars(select(Mailing.id).filter_by(form_key=form_key)).one_or_none() is not None


def get(mailing_id: int) -> Mailing:
    """The mailing under this id; NotFound when there is none or it was deleted."""
    mailing = db.session.get(Mailing, mailing_id)
    if mailing is None or mailing.deleted_at:
        raise NotFound
    return mailing


def to_change(mailing_id: int) -> Mailing:
    """The mailing under this id, for a form that changes it; Refused when it was forgotten."""
    mailing = get(mailing_id)
    _check_kept(mailing)
    return mailing


def change(mailing_id: int, expected: int | None = None, **values: Any) -> Mailing:
    """Change a mailing: everything until its first message was attempted, after that what is always open to change.

    `expected` is the version the caller saw: Stale if there is a newer one.
    """
    with transaction() as session:
        mailing = locked(session, mailing_id, expected)
        changes = {name: value for name, value in _columns(values).items() if getattr(mailing, name) != value}
        _check_freedom(mailing, changes)
        if mailing.enrolled_to and any(name in changes for name in DECIDE_THE_AUDIENCE):
            _forget_audience(session, mailing)
        before = {name: getattr(mailing, name) for name in changes}
        for name, value in changes.items():
            setattr(mailing, name, value)
        mailing.settled_at = None
        touch(mailing)
        audit.note(session, Action.MAILING_CHANGED, mailing_id=mailing_id, **_told(before, mailing))
    return mailing


def listing(phase: Phase | None = None, name: str = "", limit: int = 50, after: int | None = None) -> Page:
    """A page of mailings, the newest first; `name` is any part of theirs, in any case."""
    statement = select(Mailing).where(Mailing.deleted_at.is_(None))
    if name:
        statement = statement.where(Mailing.name.icontains(name, autoescape=True))
    if phase:
        statement = statement.where(in_phase(phase, clock.now()))
    return page(statement, Mailing.id, after, limit, newest_first=True)


def upcoming(limit: int = 5) -> list[Mailing]:
    """The scheduled mailings that begin next, the soonest first."""
    scheduled = (Mailing.deleted_at.is_(None), in_phase(Phase.SCHEDULED, clock.now()))
    return list(db.session.scalars(select(Mailing).where(*scheduled).order_by(Mailing.starts_at).limit(limit)))


def in_phase(phase: Phase, now: datetime) -> ColumnElement[bool]:
    """`Mailing.phase` as a condition in SQL."""
    live = Mailing.cancelled_at.is_(None)
    under_way = and_(live, Mailing.ends_at > now, Mailing.paused_at.is_(None))
    return {
        Phase.CANCELLED: Mailing.cancelled_at.is_not(None),
        Phase.FINISHED: and_(live, Mailing.ends_at <= now),
        Phase.PAUSED: and_(live, Mailing.ends_at > now, Mailing.paused_at.is_not(None)),
        Phase.RUNNING: and_(under_way, Mailing.starts_at <= now),
        Phase.SCHEDULED: and_(under_way, Mailing.starts_at > now),
    }[phase]


def over(now: datetime) -> ColumnElement[bool]:
    """Mailings that send nothing more: ended, cancelled or deleted."""
    return or_(Mailing.ends_at <= now, Mailing.cancelled_at.is_not(None), Mailing.deleted_at.is_not(None))


def new(session: Session, values: dict[str, Any], action: Action = Action.MAILING_ADDED, **told: Any) -> Mailing:
    """A mailing with these values, told as this action in the audit trail."""
    now = clock.now()
    mailing = Mailing(created_at=now, updated_at=now, tally=Tally(), **_columns(values))
    session.add(mailing)
    session.flush()
    audit.note(session, action, mailing_id=mailing.id, **told)
    return mailing


def locked(session: Session, mailing_id: int, expected: int | None = None) -> Mailing:
    """The mailing as it is now, nobody else changing it until the transaction ends."""
    # Not its key: whoever adds messages of the mailing holds on to that, and is waited for only where it matters.
    only_it = {"of": Mailing, "key_share": True}
    mailing = session.get(Mailing, mailing_id, with_for_update=only_it, populate_existing=True)
    if mailing is None or mailing.deleted_at:
        raise NotFound
    if expected is not None and expected != mailing.version:
        raise Stale
    return mailing


def touch(mailing: Mailing) -> None:
    """Note that the mailing was changed."""
    mailing.version += 1
    mailing.updated_at = clock.now()


class _Repeated(Exception):
    """The mark was used before."""


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """The values of a form as the columns of the table."""
    columns = dict(values)
    if "window" in columns:
        window: Window | None = columns.pop("window")
        columns["window_from"] = window.opens if window else None
        columns["window_to"] = window.closes if window else None
    return columns


def _told(before: dict[str, Any], mailing: Mailing) -> dict[str, Any]:
    """What was changed, for the audit trail: each column with its value before and after."""
    return {name: [_plain(value), _plain(getattr(mailing, name))] for name, value in before.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime | time) else value


def _check_kept(mailing: Mailing) -> None:
    if mailing.archived_at:
        raise Refused(ARCHIVED)
    if mailing.forgotten_at:
        raise Refused(FORGOTTEN)


def _check_freedom(mailing: Mailing, changes: dict[str, Any]) -> None:
    _check_kept(mailing)
    if not mailing.attempted_at:
        return
    for name in changes:
        if name not in ALWAYS_OPEN_TO_CHANGE:
            field = "window" if name.startswith("window") else name
            raise Refused(BEGUN, field=field)


def _forget_audience(session: Session, mailing: Mailing) -> None:
    """Nobody was written to yet, so the audience is chosen anew under the new rules.

    The spans first: that waits for whoever is enrolling one, whose messages are then there to be deleted.
    """
    session.execute(delete(EnrolmentSpan).where(EnrolmentSpan.mailing_id == mailing.id))
    session.execute(delete(Message).where(Message.mailing_id == mailing.id))
    figures.clear(session, mailing.id)
    mailing.enrolled_to, mailing.enrolled_at, mailing.forecast = 0, None, None
    session.refresh(mailing.tally)
