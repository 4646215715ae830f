"""The mailings that did not write to a client, each with the reason."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import exists, select

from mailing_app.db import db
from mailing_app.mailings.reasons import why_left_out
from mailing_app.models import Client, Mailing, Message, Status
from mailing_app.paging import Page, page

RECENT = timedelta(weeks=4)
"""For how long after its end a mailing is still asked why it left somebody out."""


def left_out(client: Client, now: datetime, limit: int = 20, after: int | None = None) -> Page:
    """A page of the latest mailings without a message for the client, the newest first, as (mailing, reason)."""
    has_one = exists().where(Message.mailing_id == Mailing.id, Message.client_id == client.id)
    recent = select(Mailing).where(Mailing.deleted_at.is_(None), Mailing.ends_at > now - RECENT, ~has_one)
    mailings, following = page(recent, Mailing.id, after, limit, newest_first=True)
    firsts = _statuses([each.remainder_of for each in mailings if each.remainder_of], client.id)
    why = [why_left_out(client, each, now, firsts.get(each.remainder_of or 0)) for each in mailings]
    return Page(list(zip(mailings, why, strict=True)), following)


def _statuses(mailing_ids: Collection[int], client_id: int) -> dict[int, Status]:
    """By mailing, where the client's message stands."""
    chosen = (Message.mailing_id.in_(mailing_ids), Message.client_id == client_id)
    rows = db.session.execute(select(Message.mailing_id, Message.status).where(*chosen))
    return {row.mailing_id: row.status for row in rows}
