"""The work in the background, a piece at a time. Several processes and kills are harmless.

Whoever works at an import holds its lease. A piece's outcome, the place in the file and the counts go in one
transaction, which only finds the import if it stands where it stood: a late worker changes nothing.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, delete, func, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import audit, clock, status
from mailing_app.batches import batch
from mailing_app.clients import store
from mailing_app.db import absence, after_commit, changed, db, look_again, transaction
from mailing_app.errors import N_
from mailing_app.imports.control import end, forget_old
from mailing_app.imports.rows import judge_of_files, judged, records_of
from mailing_app.models import Action, Client, ClientImport, ImportPiece, ImportState
from mailing_app.pace import Pace

log = logging.getLogger(__name__)

Values = Mapping[str, Any]

WORK_FOR = 0.9
"""Seconds of each tick, rests included."""

BESIDE_SENDING, ALONE = 0.15, 0.4
"""The share of one core for this work alone, while messages wait to be sent and while none does. The brake of the
embedded dispatcher reckons the whole process: what an import takes of its half, the senders go without."""

SILENT_AFTER = timedelta(seconds=15)
"""A worker that has finished no piece for longer has lost the import to whoever comes."""

OUR_FAULT = N_("Something went wrong on our side.")


def work(worker: str, rest: Callable[[float], Any]) -> bool:
    """Work at what there is for the length of a tick; whether more is left. `rest` waits so many seconds, and says
    whether to leave.
    """
    forget_old(clock.now())
    if _taken(worker, clock.now()) is None:
        return False  # as most ticks do, without a look at what waits to be sent
    until, pace = clock.monotonic() + WORK_FOR, Pace(share(clock.now()), time.thread_time)
    while (more := step(worker)) and clock.monotonic() < until:
        if rest(pace()):
            break
    return more


def share(now: datetime) -> float:
    """Of one core, what the work may take just now."""
    return BESIDE_SENDING if status.standing(now).backlog else ALONE


def step(worker: str) -> bool:
    """One piece of the oldest import that nobody else works at; whether there was one."""
    at = _taken(worker, clock.now())
    if at is None:
        return False
    try:
        (_check if at.state is ImportState.CHECKING else _store)(at, worker)
    except Exception as fault:
        if absence(fault):
            raise
        log.error("fault of our own", exc_info=fault, extra={"import_id": at.id})
        db.session.rollback()
        end(at.id, ImportState.FAILED, OUR_FAULT)
    return True


def _taken(worker: str, now: datetime) -> Any:
    look_again()
    columns = (
        ClientImport.id, ClientImport.state, ClientImport.at_piece, ClientImport.pieces,
        ClientImport.delimiter, ClientImport.mapping, ClientImport.worker,
    )  # fmt: skip
    # One from the future was written before the clock was set back; nobody knows how long ago.
    silent = ~ClientImport.worked_at.between(now - SILENT_AFTER, now + SILENT_AFTER)
    free = or_(ClientImport.worker.in_(["", worker]), silent)
    open_ = ClientImport.state.in_([ImportState.CHECKING, ImportState.STORING])
    at = db.session.execute(select(*columns).where(open_, free).order_by(ClientImport.id).limit(1)).first()
    if at is None or at.worker == worker:
        return at
    with transaction() as session:
        taking = update(ClientImport).where(ClientImport.id == at.id, ClientImport.worker == at.worker)
        return at if changed(session, taking.values(worker=worker, worked_at=now)) else None


def _check(at: Any, worker: str) -> None:
    good, bad = _sorted(at)
    known = _known(good)
    with transaction() as session:
        brought = _still(session, at, worker)
        if brought is None:
            return
        found = {"bad": len(bad), "bad_lines": bad}
        session.execute(update(ImportPiece).filter_by(import_id=at.id, number=at.at_piece).values(found))
        brought.good += len(good)
        brought.bad += len(bad)
        brought.created += len(good) - known
        brought.updated += known
        if _go_on(brought, ImportState.CHECKED):
            told = {"import_id": brought.id, "good": brought.good, "bad": brought.bad}
            after_commit(session, lambda: log.info("import checked", extra=told))


def _store(at: Any, worker: str) -> None:
    good, bad = _sorted(at)
    with transaction() as session:
        brought = _still(session, at, worker)
        if brought is None:
            return
        stored = store(session, good, at.mapping)
        brought.created += stored.created
        brought.updated += stored.updated
        brought.unchanged += stored.unchanged
        if not bad:
            session.execute(delete(ImportPiece).filter_by(import_id=at.id, number=at.at_piece))
        if _go_on(brought, ImportState.DONE):
            brought.ended_at = clock.now()
            _note(session, brought)


def _sorted(at: Any) -> tuple[list[Values], list[int]]:
    """What the good rows of the piece say, and the lines of the bad ones.

    Nothing else of a row is kept: to look after thousands of them costs Python more than to judge them.
    """
    good: list[Values] = []
    bad: list[int] = []
    for row in judged(records_of(at.id, at.at_piece, at.delimiter), at.mapping, judge_of_files()):
        if row.faults:
            bad.append(row.record.line)
        else:
            good.append(row.values)
    return good, bad


def _known(rows: list[Values]) -> int:
    """How many of them are clients already."""
    phones = {values["phone"] for values in rows}
    given = batch([{"phone": phone} for phone in phones], phone=String())
    return db.session.scalar(select(func.count()).select_from(Client).join(given, Client.phone == given.c.phone)) or 0


def _still(session: Session, at: Any, worker: str) -> ClientImport | None:
    """The import, locked, if it stands where it stood."""
    same = {"id": at.id, "state": at.state, "at_piece": at.at_piece, "worker": worker}
    statement = select(ClientImport).filter_by(**same).with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def _go_on(brought: ClientImport, after: ImportState) -> bool:
    """On to the next piece; whether that was the last one, and the state after it begins."""
    brought.at_piece += 1
    brought.worked_at = clock.now()
    if brought.at_piece < brought.pieces:
        return False
    brought.state, brought.worker = after, ""
    return True


def _note(session: Session, brought: ClientImport) -> None:
    figures = {name: getattr(brought, name) for name in ("created", "updated", "unchanged")}
    with audit.acting(audit.Actor(brought.actor_kind, brought.actor)):
        audit.note(session, Action.CLIENTS_IMPORTED, import_id=brought.id, rejected=brought.bad, **figures)
