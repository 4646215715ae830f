"""Forms as somebody typed them, finished or not: kept on wish for everyone, or over a lost sign-in for their sender."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete as deletion
from sqlalchemy import select
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.db import changed, db, insert, transaction
from mailing_app.errors import NotFound, Stale
from mailing_app.models import Draft
from mailing_app.paging import Page, page

Fields = Sequence[tuple[str, str]]
"""Name and text of each field, in the order in which the browser sent them."""

KEPT_FOR = timedelta(hours=12)
"""How long a form waits that nobody asked to keep: as long as a sign-in may last."""


def keep(operator_id: int, form_key: str, path: str, fields: Fields, name: str, expected: int | None = None) -> None:
    """Keep a form under the mark of its page: the same page again changes what it kept before.

    `expected` is the version that its sender saw: Stale if somebody kept other texts meanwhile.
    """
    now = clock.now()
    told = {"operator_id": operator_id, "path": path, "fields": _plain(fields), "name": name, "updated_at": now}
    with transaction() as session:
        new = insert(Draft).values(form_key=form_key, listed=True, version=1, created_at=now, **told)
        change = told | {"version": Draft.version + 1}
        seen = None if expected is None else Draft.version == expected
        kept = changed(session, new.on_conflict_do_update(index_elements=["form_key"], set_=change, where=seen))
    if not kept and _by_key(form_key).fields != told["fields"]:
        raise Stale


def keep_for_a_while(operator_id: int, path: str, fields: Fields) -> Draft:
    """Keep a form for the next page of its sender only, who had been signed out."""
    now = clock.now()
    with transaction() as session:
        draft = Draft(
            operator_id=operator_id, path=path, fields=_plain(fields), listed=False, created_at=now, updated_at=now
        )
        session.add(draft)
    return draft


def get(draft_id: int, operator_id: int, path: str) -> Draft:
    """The draft under this id, of the form on this page; NotFound when it is not for this operator's eyes either."""
    draft = db.session.get(Draft, draft_id, populate_existing=True)
    if draft is None or draft.path != path or not (draft.listed or _waits_for(draft, operator_id)):
        raise NotFound
    return draft


def find(draft_id: int) -> Draft:
    """The draft under this id that was kept on wish; NotFound when there is none."""
    draft = db.session.get(Draft, draft_id)
    if draft is None or not draft.listed:
        raise NotFound
    return draft


def use_up(draft_id: int, operator_id: int) -> None:
    """Forget what had waited for its sender, who has just sent it himself."""
    his = (Draft.id == draft_id, Draft.operator_id == operator_id, ~Draft.listed)
    if db.session.scalar(select(Draft.id).where(*his)):
        with transaction() as session:
            session.execute(deletion(Draft).where(*his))


def listing(limit: int = 50, after: int | None = None) -> Page:
    """A page of the drafts that were kept on wish, the newest first."""
    return page(select(Draft).where(Draft.listed), Draft.id, after, limit, newest_first=True)


def delete(draft_id: int) -> None:
    """Throw a draft away that was kept on wish; nothing happens when it is gone already."""
    with transaction() as session:
        session.execute(deletion(Draft).where(Draft.id == draft_id, Draft.listed))


def sweep(now: datetime) -> int:
    """Delete the forms that waited for their senders for too long; how many."""
    too_old = (~Draft.listed, Draft.created_at < now - KEPT_FOR)
    if db.session.scalar(select(Draft.id).where(*too_old).limit(1)) is None:
        return 0
    with transaction() as session:
        return changed(session, deletion(Draft).where(*too_old))


def take_out(session: Session, form_key: str | None) -> None:
    """Remove the draft of a form in the transaction that makes of it what it was kept for."""
    session.execute(deletion(Draft).where(Draft.form_key == form_key))


def _waits_for(draft: Draft, operator_id: int) -> bool:
    return draft.operator_id == operator_id and clock.now() - draft.created_at < KEPT_FOR


def _by_key(form_key: str) -> Draft:
    draft = db.session.scalars(select(Draft).filter_by(form_key=form_key)).one_or_none()
    if draft is None:
        raise NotFound
    return draft


def _plain(fields: Fields) -> list[Any]:
    return [list(field) for field in fields]
