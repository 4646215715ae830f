"""A list of clients into the register, each of them told what became of it."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import String, select
from sqlalchemy.orm import Session

from mailing_app import audit
from mailing_app.batches import batch
from mailing_app.clients.columns import COLUMNS
from mailing_app.clients.storing import ROWS_A_CHUNK, insert_new, store
from mailing_app.db import transaction
from mailing_app.models import Action, Client

Wanted = tuple[Mapping[str, Any], Collection[str]]
"""The values of all columns of a client, and the names of those that were given."""


class Became(StrEnum):
    """What becomes of a client of a list."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


class Outcome(NamedTuple):
    """What became of a client of a list, and under which id it is found."""

    became: Became
    id: int


def upsert(wanted: Sequence[Wanted], all_or_nothing: bool = False, rejected: int = 0) -> list[Outcome]:
    """Add who is new and update who is known by the phone, as if one came after the other; what became of each.

    Who is known is touched by the columns that were given, and stays opted out. Chunk by chunk, each a transaction, or
    in a single one; `rejected` is how many are missing in the list, for the audit trail.
    """
    outcomes: list[Outcome] = []
    chunk = len(wanted) if all_or_nothing else ROWS_A_CHUNK
    while len(outcomes) < len(wanted):
        with transaction() as session:
            outcomes += _stored(session, wanted[len(outcomes) :][:chunk])
            if len(outcomes) == len(wanted):
                figures = dict.fromkeys(Became, 0) | Counter(outcome.became for outcome in outcomes)
                audit.note(session, Action.CLIENTS_IMPORTED, **figures | {Became.REJECTED: rejected})
    return outcomes


def _stored(session: Session, wanted: Sequence[Wanted]) -> list[Outcome]:
    firsts: dict[str, Mapping[str, Any]] = {}
    for values, _ in wanted:
        firsts.setdefault(values["phone"], values)
    present, new = _present(session, firsts)
    outcomes, changed = [], {}
    for values, given in wanted:
        client = present[values["phone"]]
        news = {name: values[name] for name in given if values[name] != client[name]}
        if news:
            client.update(news)
            changed[client["id"]] = client
        became = Became.CREATED if client["phone"] in new else Became.UPDATED if news else Became.UNCHANGED
        new.discard(client["phone"])
        outcomes.append(Outcome(became, client["id"]))
    store(session, list(changed.values()), COLUMNS)
    return outcomes


def _present(session: Session, firsts: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Everybody who is wanted, as they are and locked, the missing ones added first; and who was missing."""
    present: dict[str, dict[str, Any]] = {}
    new: set[str] = set()
    # More than once only where somebody was there for the INSERT and erased before the SELECT.
    while missing := sorted(firsts.keys() - present.keys()):
        new |= insert_new(session, [firsts[phone] for phone in missing])
        locked = session.execute(_locking(missing))
        present |= {row.phone: dict(zip(("id", *COLUMNS), row, strict=True)) for row in locked}
    return present, new


def _locking(numbers: Sequence[str]) -> Any:
    wanted = batch([{"phone": phone} for phone in numbers], phone=String())
    columns = (Client.id, *(getattr(Client, name) for name in COLUMNS))
    theirs = Client.phone.in_(select(wanted.c.phone))
    return select(*columns).where(theirs).order_by(Client.id).with_for_update()
