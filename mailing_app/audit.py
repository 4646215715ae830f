"""Who did what, and when: noted in the transaction of the change itself, told in the log once it is committed."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.db import after_commit, db
from mailing_app.masking import nameless
from mailing_app.models import Action, ActorKind, AuditEntry, Client, Mailing
from mailing_app.paging import Page, page

log = logging.getLogger(__name__)

LOGGED = {"import_id", "operator_id", "messages", "clients"}
"""Which details the log tells too: ids and figures. Others may hold a text."""


class Actor(NamedTuple):
    """Whoever changes something; `name` is the operator's or the token's."""

    kind: ActorKind
    name: str


SERVICE, CONSOLE = Actor(ActorKind.SERVICE, ""), Actor(ActorKind.CONSOLE, "")

_acting: ContextVar[Actor] = ContextVar("acting", default=SERVICE)


def act_as(kind: ActorKind, name: str) -> None:
    """Say who acts from here on, in this thread or request; every door does it before it lets anybody in."""
    _acting.set(Actor(kind, name))


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Act as somebody for a while: a job goes on in the name of who began it."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


def actor() -> Actor:
    """Who acts; the service itself where no door was passed."""
    return _acting.get()


def note(
    session: Session, action: Action, *, mailing_id: int | None = None, client_id: int | None = None, **details: Any
) -> None:
    """Write the entry beside the change that it tells of. `details` are JSON; phones in them are masked: nobody changes
    the trail afterwards, not even to forget a client."""
    who = actor()
    session.add(
        AuditEntry(
            done_at=clock.now(), actor_kind=who.kind, actor=who.name, action=action.value,
            mailing_id=mailing_id, client_id=client_id, details=nameless(details),
        )
    )  # fmt: skip
    known = {"actor": who.name, "actor_kind": who.kind.value, "mailing_id": mailing_id, "client_id": client_id}
    known |= {name: value for name, value in details.items() if name in LOGGED}
    told = {name: value for name, value in known.items() if value}
    after_commit(session, lambda: log.info(action.value.replace("_", " "), extra=told))


def listing(
    actor: str | None = None,
    actor_kind: ActorKind | None = None,
    action: Action | None = None,
    mailing_id: int | None = None,
    client_id: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 50,
    after: int | None = None,
) -> Page:
    """A page of entries, the newest first, those that match every given value; both ends of the period are in it."""
    wanted = {
        AuditEntry.actor: actor, AuditEntry.actor_kind: actor_kind, AuditEntry.action: action and action.value,
        AuditEntry.mailing_id: mailing_id, AuditEntry.client_id: client_id,
    }  # fmt: skip
    statement = select(AuditEntry).where(*(column == value for column, value in wanted.items() if value))
    if since:
        statement = statement.where(AuditEntry.done_at >= since)
    if until:
        statement = statement.where(AuditEntry.done_at <= until)
    return page(statement, AuditEntry.id, after, limit, newest_first=True)


class Subjects(NamedTuple):
    """What entries tell of and is there still: the names of mailings, the ids of clients."""

    mailings: dict[int, str]
    clients: set[int]


def subjects(entries: Iterable[AuditEntry]) -> Subjects:
    """The mailings and clients of these entries that were neither deleted nor erased since."""
    entries = list(entries)
    named = select(Mailing.id, Mailing.name).where(
        Mailing.id.in_({entry.mailing_id for entry in entries}), Mailing.deleted_at.is_(None)
    )
    known = select(Client.id).where(Client.id.in_({entry.client_id for entry in entries}), Client.erased_at.is_(None))
    return Subjects(dict(db.session.execute(named).all()), set(db.session.scalars(known)))
