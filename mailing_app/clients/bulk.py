"""The same change for all clients that a list shows, chunk by chunk, each a transaction."""

import math
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from mailing_app import audit, clock
from mailing_app.clients import traces
from mailing_app.clients.register import forget, shown
from mailing_app.db import db, transaction
from mailing_app.errors import N_, Refused
from mailing_app.models import Action, Client

CLIENTS_A_CHUNK = 5_000

AT_A_TIME = 8.0
"""Seconds after which a deletion pauses; each client of it costs several rows of several tables."""

Wanted = Mapping[str, str | None]
"""What a list was asked for, by column."""

RECOUNTED = N_("Their number has changed meanwhile. Look at it again before you go on.")


def count(**wanted: str | None) -> int:
    """How many clients the list shows on all its pages."""
    return db.session.scalars(select(func.count()).where(*shown(**wanted))).one()


def retag(wanted: Wanted, number: int, tag: str) -> int:
    """Give all clients of the list this tag; how many. Refused when their number is not the one the caller saw."""

    def change(session: Session, client_ids: Sequence[int]) -> None:
        new = {"tag": tag, "updated_at": clock.now(), "version": Client.version + 1}
        session.execute(update(Client).where(Client.id.in_(client_ids), Client.tag != tag).values(new))
        audit.note(session, Action.CLIENTS_RETAGGED, clients=len(client_ids), tag=tag, shown=but_phone(wanted))

    return _in_chunks(change, wanted, number)


def erase_shown(wanted: Wanted, number: int) -> int:
    """Erase the clients of the list; how many. Refused when their number is not the one the caller saw.

    After `AT_A_TIME` seconds it leaves the rest for another call: nobody waits for a page for minutes.
    """

    def change(session: Session, client_ids: Sequence[int]) -> None:
        audit.note(session, Action.CLIENTS_ERASED, clients=len(client_ids), shown=but_phone(wanted))
        forget(session, client_ids)

    def prepare(client_ids: Sequence[int]) -> None:
        traces.take_out(client_ids, traces.phones_of(client_ids))

    return _in_chunks(change, wanted, number, AT_A_TIME, prepare)


def _in_chunks(
    change: Callable[[Session, Sequence[int]], None], wanted: Wanted, number: int, seconds: float = math.inf,
    prepare: Callable[[Sequence[int]], None] | None = None,
) -> int:  # fmt: skip
    """Whoever is added meanwhile stays as he is: nobody saw him when the number was confirmed.

    `prepare` is told of each chunk before its transaction begins.
    """
    if count(**wanted) != number:
        raise Refused(RECOUNTED)
    last = db.session.scalar(select(func.max(Client.id)).where(*shown(**wanted))) or 0
    done, after, until = 0, 0, clock.monotonic() + seconds
    while after < last:
        if prepare:
            prepare(db.session.scalars(_next(after, last, wanted)).all())
        with transaction() as session:
            client_ids = session.scalars(_next(after, last, wanted)).all()
            if not client_ids:
                break
            change(session, client_ids)
        done, after = done + len(client_ids), client_ids[-1]
        if clock.monotonic() >= until:
            break
    return done


def _next(after: int, last: int, wanted: Wanted) -> Select[int]:
    span = (Client.id > after, Client.id <= last)
    return select(Client.id).where(*shown(**wanted), *span).order_by(Client.id).limit(CLIENTS_A_CHUNK).with_for_update()


def but_phone(wanted: Wanted) -> dict[str, str]:
    """What the list was asked for, without the phone: the audit trail names none."""
    return {name: value for name, value in wanted.items() if value and name != "phone"}
