"""The register of clients: add, read, change, erase, choose."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailing_app import audit, clock
from mailing_app.db import Page, db, page, transaction
from mailing_app.errors import N_, NotFound, Refused, Stale
from mailing_app.models import Action, Client, Message, Status, Tally


def _phone_taken() -> Refused:
    return Refused(N_("Another client has this phone."), field="phone")


PHONE_IS_UNIQUE = {"uq_client_phone": _phone_taken}


def add(**values: Any) -> Client:
    """Add a client; refused on `phone` when another one has it."""
    now = clock.now()
    with transaction(PHONE_IS_UNIQUE) as session:
        client = Client(created_at=now, updated_at=now, **values)
        session.add(client)
        session.flush()
        audit.note(session, Action.CLIENT_ADDED, client_id=client.id)
    return client


def get(client_id: int) -> Client:
    """The client under this id; NotFound when there is none or it was erased."""
    client = db.session.get(Client, client_id)
    if client is None or client.erased_at:
        raise NotFound
    return client


def change(client_id: int, expected: int | None = None, **values: Any) -> Client:
    """Change a client. `expected` is the version the caller saw: Stale if there is a newer one.

    A message that was attempted keeps the phone it went to; all others go to the new one.
    """
    with transaction(PHONE_IS_UNIQUE) as session:
        client = _locked(session, client_id, expected)
        if values.get("timezone", client.timezone) != client.timezone:
            _wait_no_more(session, client_id)
        fields = [name for name, value in values.items() if getattr(client, name) != value]
        for name in fields:
            setattr(client, name, values[name])
        client.version += 1
        client.updated_at = clock.now()
        audit.note(session, Action.CLIENT_CHANGED, client_id=client_id, fields=fields)
    return client


def erase(client_id: int, expected: int | None = None) -> None:
    """Erase a client: phone and tag are gone from every table, nothing more is sent, the figures keep their count."""
    with transaction() as session:
        client = _locked(session, client_id, expected)
        _withdraw(session, client_id)
        session.execute(update(Message).where(Message.client_id == client_id).values(phone=None, tag=None))
        client.phone, client.tag = None, ""
        client.erased_at = client.updated_at = clock.now()
        client.version += 1
        audit.note(session, Action.CLIENT_ERASED, client_id=client_id)


def listing(
    phone: str | None = None,
    operator_code: str | None = None,
    tag: str | None = None,
    timezone: str | None = None,
    limit: int = 50,
    after: int | None = None,
) -> Page:
    """A page of clients in the order in which they were added, those that match every given value."""
    wanted = {"phone": phone, "operator_code": operator_code, "tag": tag, "timezone": timezone}
    statement = select(Client).where(Client.erased_at.is_(None))
    statement = statement.where(*(getattr(Client, name) == value for name, value in wanted.items() if value))
    return page(statement, Client.id, after, limit)


def matching(chosen: Mapping[str, list[str]]) -> list[Any]:
    """The conditions under which a client belongs to an audience: a mailing's filter in SQL."""
    return [Client.erased_at.is_(None), Client.opted_out_at.is_(None), *_in_lists(chosen)]


def opted_out(chosen: Mapping[str, list[str]]) -> list[Any]:
    """The conditions under which a client would belong to that audience, had he not opted out."""
    return [Client.erased_at.is_(None), Client.opted_out_at.is_not(None), *_in_lists(chosen)]


def _in_lists(chosen: Mapping[str, list[str]]) -> list[Any]:
    columns = {
        "operator_codes": Client.operator_code,
        "tags": Client.tag,
        "timezones": Client.timezone,
    }
    return [columns[name].in_(values) for name, values in chosen.items() if values]


def tags(most: int = 200) -> list[str]:
    """The tags in use, for a page to offer."""
    statement = select(Client.tag).where(Client.tag != "").distinct().order_by(Client.tag).limit(most)
    return list(db.session.scalars(statement))


def rows() -> Iterator[Any]:
    """Every client as (phone, operator_code, tag, timezone), read in pieces."""
    columns = (Client.phone, Client.operator_code, Client.tag, Client.timezone)
    statement = select(*columns).where(Client.erased_at.is_(None)).order_by(Client.id)
    yield from db.session.execute(statement.execution_options(yield_per=2000))


def _locked(session: Session, client_id: int, expected: int | None) -> Client:
    client = session.get(Client, client_id, with_for_update=True, populate_existing=True)
    if client is None or client.erased_at:
        raise NotFound
    if expected is not None and expected != client.version:
        raise Stale
    return client


def _wait_no_more(session: Session, client_id: int) -> None:
    """What waits for an opening of the old zone is due: a claim looks at the window of the new one."""
    firsts = (Message.client_id == client_id, Message.status == Status.PENDING, Message.attempts == 0)
    session.execute(update(Message).where(*firsts, Message.due_at > clock.now()).values(due_at=clock.now()))


def _withdraw(session: Session, client_id: int) -> None:
    """End the client's waiting messages. One that is on the wire ends when its outcome is recorded."""
    waiting = update(Message).where(Message.client_id == client_id, Message.status == Status.PENDING)
    ends = [
        (waiting.where(Message.unknown), Status.UNCERTAIN, Tally.uncertain),
        (waiting.where(~Message.unknown), Status.CANCELLED, Tally.cancelled),
    ]
    moves = []
    for statement, status, figure in ends:
        ended = statement.values(status=status, reason="client_erased").returning(Message.mailing_id)
        told = session.scalars(ended.execution_options(synchronize_session=False))
        moves += [(mailing_id, figure) for mailing_id in told]
    # A client has one message a mailing, so each move is one; mailings in the order of their ids, against deadlocks.
    for mailing_id, figure in sorted(moves, key=lambda move: move[0]):
        one_moved = {"pending": Tally.pending - 1, figure.key: figure + 1}
        session.execute(update(Tally).where(Tally.mailing_id == mailing_id).values(one_moved))
