"""A round through the house: once a day by one process, and whenever somebody asks for it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import exists, select

from config import Settings
from mailing_app import audit, clock
from mailing_app.db import db, look_again, one_at_a_time, tidy, transaction
from mailing_app.housekeeping import archive, attempts, folding
from mailing_app.models import Action, AuditEntry

EVERY = timedelta(hours=24)

LONGEST_ROUND = 1800.0
"""Seconds after which the rest is left for the next round."""

Rest = Callable[[float], Any]
"""Waits so many seconds, in which others may write, and says whether to leave."""


@dataclass(frozen=True)
class Done:
    """What a round came to: rows of traffic folded, attempts removed, mailings archived."""

    traffic: int
    attempts: int
    archived: int


def daily(settings: Settings, rest: Rest) -> Done | None:
    """Go round unless anybody did within the last day; None then. One of several processes goes."""
    look_again()
    if _is_done():
        return None  # as nearly every look finds, without a write
    with transaction() as session:
        one_at_a_time(session, "housekeeping")
        if _is_done():
            return None
        audit.note(session, Action.HOUSEKEPT)
    return _round(settings, rest)


def go_round(settings: Settings, rest: Rest) -> Done:
    """Go round now."""
    with transaction() as session:
        audit.note(session, Action.HOUSEKEPT)
    return _round(settings, rest)


def _is_done() -> bool:
    lately = clock.now() - EVERY
    told = exists().where(AuditEntry.action == Action.HOUSEKEPT.value, AuditEntry.done_at > lately)
    return bool(db.session.scalar(select(told)))


def _round(settings: Settings, rest: Rest) -> Done:
    until = clock.monotonic() + LONGEST_ROUND

    def bounded(seconds: float) -> bool:
        return bool(rest(seconds)) or clock.monotonic() > until

    now = clock.now()
    folded = folding.fold_traffic(now, bounded)
    folding.fold_meter(now)
    folding.drop_the_gone(now)
    removed = attempts.thin(settings.attempts_days, now, bounded)
    archived = archive.work(settings.archive_days, Path(settings.archive_folder), now, bounded)
    tidy()
    return Done(folded, removed, archived)
