"""The register of clients: add, read, change, erase, choose."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, func, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import audit, clock, figures
from mailing_app.batches import batch
from mailing_app.clients import traces
from mailing_app.clients.withdrawal import withdraw
from mailing_app.db import changed, db, in_order, look_again, transaction
from mailing_app.errors import N_, NotFound, Refused, Stale
from mailing_app.figures import Moves
from mailing_app.models import Action, Client, Message, Status
from mailing_app.paging import Page, page


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
        client = locked(session, client_id, expected)
        if values.get("timezone", client.timezone) != client.timezone:
            wait_no_more(session, [client_id])
        fields = [name for name, value in values.items() if getattr(client, name) != value]
        for name in fields:
            setattr(client, name, values[name])
        client.version += 1
        client.updated_at = clock.now()
        audit.note(session, Action.CLIENT_CHANGED, client_id=client_id, fields=fields)
    return client


def erase(client_id: int, expected: int | None = None) -> None:
    """Erase a client: phone and tag are gone from every table, nothing more is sent, the figures keep their count."""
    _check_version(get(client_id), expected)
    traces.take_out([client_id], traces.phones_of([client_id]))
    with transaction() as session:
        locked(session, client_id, expected)
        forget(session, [client_id])
        audit.note(session, Action.CLIENT_ERASED, client_id=client_id)


def forget(session: Session, client_ids: Collection[int]) -> None:
    """Erase these clients, who are locked, inside the caller's transaction; `traces` were taken out before it.

    What was on the wire is recorded afterwards without them: it is masked where it comes in.
    """
    gone = {"phone": None, "tag": None}
    told = or_(Message.phone.is_not(None), Message.tag.is_not(None))
    # A claim may be taking the phone at this very moment: so what waits is locked too, though it has none yet.
    theirs = in_order(Message.id, Message.client_id.in_(client_ids), or_(told, Message.is_in(Status.PENDING)))
    session.execute(update(Message).where(Message.id.in_(theirs)).values(gone))
    moves = Moves()
    figures.untag(session, client_ids, moves)
    traces.take_out_answers(session, select(Message.id).where(Message.client_id.in_(client_ids)))
    now = clock.now()
    blank = {"phone": None, "tag": "", "opted_out_at": None, "erased_at": now, "updated_at": now}
    session.execute(update(Client).where(Client.id.in_(client_ids)).values(blank | {"version": Client.version + 1}))
    withdraw(session, client_ids, "client_erased", moves)
    moves.write(session)


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
    return page(select(Client).where(*shown(**wanted)), Client.id, after, limit)


def shown(**wanted: str | None) -> list[Any]:
    """The conditions of a list in SQL: nobody who was erased, and only who has every value that is given."""
    return [Client.erased_at.is_(None), *(getattr(Client, name) == value for name, value in wanted.items() if value)]


def found(phone: str, most: int = 50) -> list[Client]:
    """The clients with this phone; where it is shorter than a phone, with phones that end in it."""
    wanted = Client.phone == phone if len(phone) == 11 else Client.phone.like(f"%{phone}")
    return list(db.session.scalars(select(Client).where(wanted).order_by(Client.id).limit(most)))


def matching(chosen: Mapping[str, list[str]]) -> list[Any]:
    """The conditions under which a client belongs to an audience: a mailing's filter in SQL, and no opt-out."""
    return [*_chosen(chosen), Client.opted_out_at.is_(None)]


def opted_out_of(chosen: Mapping[str, list[str]], *narrowing: Any) -> int:
    """How many more would belong to that audience, had they not opted out; `narrowing` are further conditions."""
    missing = select(func.count(Client.id)).where(*_chosen(chosen), Client.opted_out_at.is_not(None), *narrowing)
    return db.session.scalars(missing).one()


def tags(most: int = 200) -> list[str]:
    """The tags in use, for a page to offer."""
    statement = select(Client.tag).where(Client.tag != "").distinct().order_by(Client.tag).limit(most)
    return list(db.session.scalars(statement))


def rows(**wanted: str | None) -> Iterator[Any]:
    """The clients of a list as (phone, operator_code, tag, timezone), read in pieces."""
    columns = (Client.phone, Client.operator_code, Client.tag, Client.timezone)
    statement = select(*columns).where(*shown(**wanted)).order_by(Client.id)
    yield from db.session.execute(statement.execution_options(yield_per=2000))
    look_again()  # a slow reader must not hold the database's past


def wait_no_more(session: Session, client_ids: Sequence[int]) -> None:
    """What waits for an opening of these clients' old zones is due: a claim looks at the window of the new one."""
    moved = batch([{"id": client_id} for client_id in client_ids], id=BigInteger())
    firsts = (Message.client_id.in_(select(moved.c.id)), Message.is_in(Status.PENDING), Message.attempts == 0)
    waiting = in_order(Message.id, *firsts, Message.due_at > clock.now())
    changed(session, update(Message).where(Message.id.in_(waiting)).values(due_at=clock.now()))


def locked(session: Session, client_id: int, expected: int | None = None) -> Client:
    """The client as it is now, nobody else changing it until the transaction ends."""
    client = session.get(Client, client_id, with_for_update=True, populate_existing=True)
    if client is None or client.erased_at:
        raise NotFound
    _check_version(client, expected)
    return client


def _check_version(client: Client, expected: int | None) -> None:
    if expected is not None and expected != client.version:
        raise Stale


def _chosen(chosen: Mapping[str, list[str]]) -> list[Any]:
    columns = {
        "operator_codes": Client.operator_code,
        "tags": Client.tag,
        "timezones": Client.timezone,
    }
    lists = [columns[name].in_(values) for name, values in chosen.items() if values]
    return [Client.erased_at.is_(None), *lists]
