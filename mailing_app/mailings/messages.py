"""The messages of mailings, to read."""

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from mailing_app.db import db
from mailing_app.errors import N_, NotFound, Refused
from mailing_app.models import Attempt, Mailing, Message, Status
from mailing_app.paging import Page, page


def messages(mailing_id: int, status: Status | None = None, limit: int = 50, after: int | None = None) -> Page:
    """A page of a mailing's messages, in the order of its clients: the unique index is walked, nothing sorted."""
    statement = select(Message).where(Message.mailing_id == mailing_id).options(joinedload(Message.client))
    if status:
        statement = statement.where(Message.status == status)
    return page(statement, Message.client_id, after, limit)


def messages_to(client_id: int, limit: int = 50, after: int | None = None) -> Page:
    """A page of a client's messages, the newest mailing first; those of deleted mailings too, since they were sent."""
    statement = select(Message).where(Message.client_id == client_id)
    with_both = statement.options(joinedload(Message.client), joinedload(Message.mailing))
    return page(with_both, Message.mailing_id, after, limit, newest_first=True)


def check_there(mailing: Mailing) -> None:
    """Refused where the mailing's messages were archived."""
    if mailing.archived_at:
        raise Refused(
            N_("The messages of this mailing were archived on %(moment)s, in the file mailing-%(id)s.csv.gz."),
            moment=f"{mailing.archived_at:%Y-%m-%d}", id=mailing.id,
        )  # fmt: skip


def message(message_id: int) -> Message:
    """The message under this id; NotFound when there is none or its mailing was deleted."""
    statement = select(Message).where(Message.id == message_id)
    found = db.session.scalars(statement.options(joinedload(Message.client), joinedload(Message.mailing))).one_or_none()
    if found is None or found.mailing.deleted_at:
        raise NotFound
    return found


def history(message_id: int) -> Sequence[Attempt]:
    """Every attempt of a message, the first one first."""
    return db.session.scalars(select(Attempt).filter_by(message_id=message_id).order_by(Attempt.epoch)).all()


def numbered(made: int, attempts: Sequence[Attempt]) -> Iterable[tuple[int, Attempt]]:
    """The attempts of a message that are kept, each with its number: they are the last ones of as many as were made."""
    return enumerate(attempts, start=max(made - len(attempts), 0) + 1)
