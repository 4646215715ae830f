"""Who did what, and when: noted in the transaction of the change itself, told in the log once it is committed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.db import Page, after_commit, page
from mailing_app.models import Action, ActorKind, AuditEntry

log = logging.getLogger(__name__)


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
    """Write the entry beside the change that it tells of. `details` are JSON and never hold a phone."""
    who = actor()
    session.add(
        AuditEntry(
            done_at=clock.now(), actor_kind=who.kind, actor=who.name, action=action.value,
            mailing_id=mailing_id, client_id=client_id, details=details,
        )
    )  # fmt: skip
    known = {"actor": who.name, "actor_kind": who.kind.value, "mailing_id": mailing_id, "client_id": client_id}
    told = {name: value for name, value in known.items() if value}
    after_commit(session, lambda: log.info(action.value.replace("_", " "), extra=told))


def listing(
    actor: str | None = None,
    action: str | None = None,
    mailing_id: int | None = None,
    client_id: int | None = None,
    limit: int = 50,
    after: int | None = None,
) -> Page:
    """A page of entries, the newest first, those that match every given value."""
    wanted = {"actor": actor, "action": action, "mailing_id": mailing_id, "client_id": client_id}
    conditions = (getattr(AuditEntry, name) == value for name, value in wanted.items() if value)
    return page(select(AuditEntry).where(*conditions), AuditEntry.id, after, limit, newest_first=True)
