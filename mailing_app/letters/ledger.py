"""The ledger of letters: which one is due, who is at it, and what became of it.

Each step is one conditional UPDATE, fenced by the worker and the number of its try: who comes late changes nothing.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, or_, select, update

from mailing_app import audit, clock
from mailing_app.db import changed, db, insert, look_again, transaction
from mailing_app.errors import N_, NotFound, Refused
from mailing_app.models import Action, MailState, ReportMail

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
"""How long nobody else takes up a letter that somebody is at. Who is slower finds it taken before it is handed over."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
"""How long to wait after a failure, doubled with each one, up to the longest."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's try at a letter."""

    due_at: datetime
    worker: str
    number: int

    def at(self, state: MailState) -> tuple[Any, ...]:
        """The letter, if it is still this try's."""
        mine = (ReportMail.due_at == self.due_at, ReportMail.worker == self.worker, ReportMail.tries == self.number)
        return (*mine, ReportMail.state == state)


def take(due_at: datetime, worker: str, now: datetime) -> Turn | None:
    """Enter the letter of the day that ended at `due_at`, unless there is one of that day or a later one, and take up
    the next that may be tried; None when there is none."""
    look_again()
    if not _is_anything_to_do(due_at, now):
        return None  # as most looks find, without a write
    with transaction() as session:
        plain = {"state": MailState.WAITING, "worker": "", "tries": 0, "try_at": now, "error": ""}
        if not session.scalar(select(exists().where(ReportMail.due_at >= due_at))):
            session.execute(insert(ReportMail).values(due_at=due_at, **plain).on_conflict_do_nothing())
        given_up = (ReportMail.due_at < due_at, ReportMail.tries > 0, *_free(now))
        changed(session, update(ReportMail).where(*given_up).values(state=MailState.FAILED))
        next_one = session.execute(select(ReportMail.due_at, ReportMail.tries).where(*_free(now))
                                   .order_by(ReportMail.due_at.desc()).limit(1)).first()  # fmt: skip
        if next_one is None:
            return None
        turn = Turn(next_one.due_at, worker, next_one.tries + 1)
        same = (ReportMail.due_at == turn.due_at, ReportMail.tries == next_one.tries, *_free(now))
        mine = update(ReportMail).where(*same).values(worker=worker, tries=turn.number, try_at=now + LEASE)
        return turn if changed(session, mine) else None


def hand_over(turn: Turn) -> bool:
    """Say that the letter is in the server's hands from here on; False when somebody else has taken it up."""
    return _set(turn.at(MailState.WAITING), state=MailState.HANDED_OVER, try_at=clock.now() + LEASE, error="")


def arrived(turn: Turn, but: str = "") -> None:
    """The server took it; `but` names those of the recipients whom it refused."""
    _set(turn.at(MailState.HANDED_OVER), state=MailState.SENT, sent_at=clock.now(), error=but[:300])
    log.info("daily letter sent", extra={"due_at": turn.due_at.isoformat()} | ({"error": but} if but else {}))


def came_back(turn: Turn, error: str, for_good: bool) -> None:
    """The server did not take it: it is tried again after a pause, or is refused `for_good`."""
    now, state = clock.now(), MailState.FAILED if for_good else MailState.WAITING
    pause = min(FIRST_PAUSE * 2 ** min(turn.number - 1, 10), LONGEST_PAUSE)
    told = {"state": state, "try_at": now + pause, "error": error[:300]}
    if not _set(turn.at(MailState.WAITING), **told):
        _set(turn.at(MailState.HANDED_OVER), **told)
    log.warning("daily letter not sent", extra={"error": error, "tries": turn.number, "for_good": for_good})


def lost(turn: Turn, error: str) -> None:
    """It was handed over, and no answer came: nobody sends it again without being asked to."""
    _set(turn.at(MailState.HANDED_OVER), try_at=clock.now(), error=error[:300])
    log.error("nobody knows whether the daily letter arrived", extra={"error": error})


def former_end(due_at: datetime) -> datetime | None:
    """The end of the day that the letter before this one told of."""
    return db.session.scalar(select(func.max(ReportMail.due_at)).where(ReportMail.due_at < due_at))


def latest(limit: int = 30) -> Sequence[ReportMail]:
    """The latest letters, the newest first."""
    newest = select(ReportMail).order_by(ReportMail.due_at.desc()).limit(limit)
    return db.session.scalars(newest.execution_options(populate_existing=True)).all()


def is_unknown(letter: ReportMail, now: datetime) -> bool:
    """Whether it was handed over and nobody waits for the server's answer any more."""
    return letter.state is MailState.HANDED_OVER and letter.try_at <= now


def send_again(stamp: int) -> None:
    """Have a letter sent once more, though it may arrive twice. `stamp` is the end of its day in seconds of Unix time.

    Refused while it waits or is on its way, or when it was sent; NotFound when there is none.
    """
    due_at, now = _moment(stamp), clock.now()
    with transaction() as session:
        letter = session.get(ReportMail, due_at, with_for_update=True, populate_existing=True)
        if letter is None:
            raise NotFound
        if letter.state is not MailState.FAILED and not is_unknown(letter, now):
            raise Refused(N_("This letter was sent, or is on its way."))
        letter.state, letter.worker, letter.tries, letter.try_at, letter.error = MailState.WAITING, "", 0, now, ""
        audit.note(session, Action.LETTER_SENT_AGAIN, due_at=due_at.isoformat())


def _moment(stamp: int) -> datetime:
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise NotFound from error


def _is_anything_to_do(due_at: datetime, now: datetime) -> bool:
    known = select(exists().where(ReportMail.due_at >= due_at))
    return not db.session.scalar(known) or bool(db.session.scalar(select(exists().where(*_free(now)))))


def _free(now: datetime) -> tuple[Any, ...]:
    """Letters that may be taken up. One that waits for longer than anyone pauses was put off before the clock was set
    back."""
    return ReportMail.state == MailState.WAITING, or_(ReportMail.try_at <= now, ReportMail.try_at > now + LONGEST_PAUSE)


def _set(which: tuple[Any, ...], **values: Any) -> bool:
    with transaction() as session:
        return changed(session, update(ReportMail).where(*which).values(values)) > 0
