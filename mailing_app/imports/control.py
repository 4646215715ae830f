"""What operators say about an import: which column is what, store it, drop it."""

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from mailing_app import audit, clock
from mailing_app.db import after_commit, changed, db, transaction
from mailing_app.errors import N_, NotFound, Refused
from mailing_app.models import ClientImport, ImportPiece, ImportState
from mailing_app.paging import Page, page

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=24)
"""How long the rows of a file are kept after its end, or from its arrival if nobody decides. They are personal data."""

PIECES_AT_A_TIME = 8
"""Of some 5 ms each on SQLite, which overwrites them."""

ENDS = (ImportState.DONE, ImportState.DROPPED, ImportState.FAILED)
IN_THE_CHECK = (ImportState.CHECKING, ImportState.CHECKED)

STILL_CHECKED = N_("The file is still being checked.")
NO_GOOD_ROW = N_("There is no good row to import.")
OVER = N_("This import is over.")


def listing(limit: int = 50, after: int | None = None) -> Page:
    """A page of imports, the newest first."""
    return page(select(ClientImport), ClientImport.id, after, limit, newest_first=True)


def get(import_id: int) -> ClientImport:
    """The import under this id, as it is now; NotFound when there is none."""
    brought = db.session.get(ClientImport, import_id, populate_existing=True)
    if brought is None:
        raise NotFound
    return brought


def remap(import_id: int, mapping: list[str]) -> None:
    """Say anew which column fills which field, and have the file checked from its beginning."""
    with transaction() as session:
        brought = _locked(session, import_id)
        if brought.state not in IN_THE_CHECK or len(mapping) != len(brought.titles):
            raise Refused(OVER)
        brought.mapping = mapping
        _set(brought, moved_to(ImportState.CHECKING))


def begin(import_id: int) -> None:
    """Have the good rows stored, in the name of who asks for it. Asking twice changes nothing."""
    with transaction() as session:
        brought = _locked(session, import_id)
        if brought.state in (ImportState.STORING, ImportState.DONE):
            return
        if brought.state is not ImportState.CHECKED:
            raise Refused(OVER if brought.state in ENDS else STILL_CHECKED)
        if not brought.good:
            raise Refused(NO_GOOD_ROW)
        good, bad = brought.good, brought.bad
        _set(brought, moved_to(ImportState.STORING) | {"good": good, "bad": bad})
        brought.actor_kind, brought.actor = audit.actor()


def drop(import_id: int) -> None:
    """Forget the rows of the file, and what is not stored yet stays out."""
    get(import_id)
    end(import_id, ImportState.DROPPED)


def end(import_id: int, state: ImportState, fault: str = "") -> None:
    """End an import that is not over yet; in any case its rows are forgotten."""
    with transaction() as session:
        ends = update(ClientImport).where(ClientImport.id == import_id, ClientImport.state.not_in(ENDS))
        if changed(session, ends.values(state=state, fault=fault, worker="", ended_at=clock.now())):
            told = {"import_id": import_id, "state": state.value}
            after_commit(session, lambda: log.info("import ended", extra=told))
    forget(import_id)


def moved_to(state: ImportState) -> dict[str, Any]:
    """The columns of an import that begins a state: nothing is through, nothing counted, and nobody works at it."""
    counted = dict.fromkeys(("at_piece", "good", "bad", "created", "updated", "unchanged"), 0)
    return {"state": state, "worker": "", "worked_at": None} | counted


def forget(import_id: int) -> None:
    """Delete the rows of a file, some pieces at a time."""
    numbers = select(ImportPiece.number).filter_by(import_id=import_id).limit(PIECES_AT_A_TIME)
    some = delete(ImportPiece).where(ImportPiece.import_id == import_id, ImportPiece.number.in_(numbers))
    more = True
    while more:
        with transaction() as session:
            more = changed(session, some) > 0


def forget_old(now: datetime) -> None:
    """Forget the rows of files that are kept long enough; an import that nobody finished is dropped by that."""
    too_old = func.coalesce(ClientImport.ended_at, ClientImport.created_at) < now - KEPT_FOR
    kept = exists().where(ImportPiece.import_id == ClientImport.id)
    for import_id in db.session.scalars(select(ClientImport.id).where(too_old, kept)).all():
        end(import_id, ImportState.DROPPED)


def _locked(session: Session, import_id: int) -> ClientImport:
    brought = session.get(ClientImport, import_id, with_for_update=True, populate_existing=True)
    if brought is None:
        raise NotFound
    return brought


def _set(brought: ClientImport, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(brought, name, value)
