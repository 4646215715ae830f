"""Clients who want no messages: they stay in the register, so that nobody adds and writes to them anew."""

from collections.abc import Collection, Sequence

from sqlalchemy import String, func, literal, select, true
from sqlalchemy.orm import Session

from mailing_app import audit, clock, phones
from mailing_app.batches import batch
from mailing_app.clients.register import locked
from mailing_app.clients.withdrawal import withdraw
from mailing_app.db import Moment, db, insert, transaction
from mailing_app.figures import Moves
from mailing_app.models import Action, AuditEntry, Client
from mailing_app.paging import Page, page

REASON = "client_opted_out"


def opt_out(client_id: int, expected: int | None = None) -> Client:
    """Write to the client no more: what waits is withdrawn at once. Opting out twice is no error."""
    with transaction() as session:
        client = locked(session, client_id, expected)
        if not client.opted_out_at:
            client.opted_out_at = client.updated_at = clock.now()
            client.version += 1
            session.flush()
            _told(session, [client_id])
    return client


def opt_in(client_id: int, expected: int | None = None) -> Client:
    """The client may be written to again; what was withdrawn stays so. Opting in twice is no error."""
    with transaction() as session:
        client = locked(session, client_id, expected)
        if client.opted_out_at:
            client.opted_out_at, client.updated_at = None, clock.now()
            client.version += 1
            audit.note(session, Action.CLIENT_OPTED_IN, client_id=client_id)
    return client


def opt_out_phones(numbers: Collection[str], timezone: str) -> int:
    """Opt out whoever has one of these phones, as `7XXXXXXXXXX`; how many had not opted out before.

    A phone that nobody has is added as a client who opted out, in that zone: so no import can make it be written to.
    """
    with transaction() as session:
        opted_out = _upsert(session, sorted(set(numbers)), timezone)
        _told(session, opted_out)
    return len(opted_out)


def opted_out(limit: int = 50, after: int | None = None) -> Page:
    """A page of those who opted out, in the order in which they were added to the register."""
    return page(select(Client).where(Client.opted_out_at.is_not(None)), Client.id, after, limit)


def opted_out_by(client_ids: Sequence[int]) -> dict[int, AuditEntry]:
    """Who opted each of them out the last time, as the audit trail knows it."""
    chosen = (AuditEntry.client_id.in_(client_ids), AuditEntry.action == Action.CLIENT_OPTED_OUT.value)
    latest = select(func.max(AuditEntry.id)).where(*chosen).group_by(AuditEntry.client_id)
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.id.in_(latest)))
    return {entry.client_id: entry for entry in entries if entry.client_id}


def _told(session: Session, client_ids: Collection[int]) -> None:
    for client_id in client_ids:
        audit.note(session, Action.CLIENT_OPTED_OUT, client_id=client_id)
    moves = Moves()
    withdraw(session, client_ids, REASON, moves)
    moves.write(session)


def _upsert(session: Session, wanted: Sequence[str], timezone: str) -> Sequence[int]:
    """In the order of the phones, against deadlocks; the ids of those who were not opted out before."""
    names = ("phone", "operator_code", "timezone")
    rows = [{"phone": each, "operator_code": phones.operator_code(each), "timezone": timezone} for each in wanted]
    given, now = batch(rows, **dict.fromkeys(names, String())), literal(clock.now(), Moment())
    columns = [*names, "tag", "version", "created_at", "updated_at", "opted_out_at"]
    # SQLite takes ON CONFLICT for a join condition unless the SELECT before it has a WHERE.
    picked = select(*(given.c[name] for name in names), literal(""), literal(1), now, now, now).where(true())
    statement = insert(Client).from_select(columns, picked.order_by(given.c.phone), include_defaults=False)
    known = statement.on_conflict_do_update(
        index_elements=["phone"],
        set_={name: statement.excluded[name] for name in ("opted_out_at", "updated_at")}
        | {"version": Client.version + 1},
        where=Client.opted_out_at.is_(None),
    )
    return session.scalars(known.returning(Client.id)).all()
