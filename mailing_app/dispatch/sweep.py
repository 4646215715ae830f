"""Sweeping: what a dead dispatcher had on the wire goes back to the others, marked as unknown."""

import logging
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import case, literal, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import turns
from mailing_app.db import changed, db, in_order, insert, look_again, transaction
from mailing_app.dispatch import journal
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import kept_where
from mailing_app.figures import COUNTED, Moves
from mailing_app.models import Attempt, Dispatcher, Mailing, Message, Status, Turn, WhenUncertain
from mailing_app.pulse import here

log = logging.getLogger(__name__)

PROC = Path("/proc")

LONGEST_BLINK = 10.0
"""Seconds between two looks after which a watcher starts to count anew: while the database was away or the watcher
itself stood still, nobody's beat could be seen, and that is no sign of death."""


def began(pid: int) -> str:
    """When the living process with this number began, empty when there is none: tells it from a later one.

    On Linux in ticks since the machine started (proc(5), `starttime`): whatever is reckoned in hours of the
    day moves when the clock is set, and every dispatcher of the host would look like another process.
    OSError when it cannot be told: there is no descriptor left, or the process is hidden from this one.
    """
    if (PROC / "self" / "stat").exists():
        return _began_by_proc(pid)
    try:
        return f"{psutil.Process(pid).create_time():.0f}"
    except psutil.NoSuchProcess:
        return ""
    except psutil.Error as fault:
        raise PermissionError(str(fault)) from fault


def _began_by_proc(pid: int) -> str:
    try:
        # The name in parentheses may hold anything, so the fields are counted from behind it.
        state, *fields = (PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        if _is_hidden(pid):
            raise
        return ""
    return "" if state in ("Z", "X") else fields[18]


def _is_hidden(pid: int) -> bool:
    """Whether a process of which /proc says nothing lives: that of another user, where `hidepid` is set (proc(5))."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return False  # ours, and so it has ended since


def enlist(now: datetime, seats: int) -> int:
    """Note this process as a dispatcher; its id."""
    pid = os.getpid()
    with transaction() as session:
        dispatcher = Dispatcher(
            host=here(), pid=pid, process_began=began(pid), started_at=now, beat_at=now, seats=seats
        )
        session.add(dispatcher)
    return dispatcher.id


def beat(dispatcher_id: int, now: datetime, **shown: Any) -> bool:
    """Show that the process lives, and how: `in_flight`, `allowed`, `breaker`, `flapping`.

    False when others took it for dead and its claims with it.
    """
    alive = (Dispatcher.id == dispatcher_id, Dispatcher.left_at.is_(None))
    with transaction() as session:
        before = session.scalar(select(Dispatcher.breaker).where(*alive).with_for_update())
        told = update(Dispatcher).where(*alive).values(beat=Dispatcher.beat + 1, beat_at=now, **shown)
        if before is None or changed(session, told) != 1:
            return False
        if (breaker := shown.get("breaker", before)) != before:
            turns.note(session, Turn(f"breaker_{breaker}"), now, dispatcher_id=dispatcher_id)
        return True


def _to_watch() -> Any:
    """Who has not said goodbye; and who was buried, but committed a claim that was under way meanwhile."""
    owners = select(Message.claimed_by).where(Message.is_in(Status.SENDING)).scalar_subquery()
    watched = select(Dispatcher).where(or_(Dispatcher.left_at.is_(None), Dispatcher.id.in_(owners)))
    return watched.with_for_update(skip_locked=True)  # who is beating at this very moment need not be looked at


@dataclass
class Sweeper:
    """Finds dead dispatchers. Their beat is a counter watched on this process's own monotonic clock."""

    lease: float
    """Seconds without a beat after which a dispatcher counts as dead."""
    deduplicates: bool = True
    """Whether the gateway delivers a repeated id only once: where not, each mailing says what follows."""
    _seen: dict[int, tuple[int, float]] = field(default_factory=dict)
    _looked_at: float = float("-inf")

    def sweep(self, now: datetime, monotonic: float) -> int:
        """Give back what dead dispatchers had claimed; the number of messages."""
        # As a writer: while nothing can be written nobody can beat, and this look fails instead of seeing them stand.
        with transaction() as session:
            watched = session.scalars(_to_watch().execution_options(populate_existing=True)).all()
        if monotonic - self._looked_at > LONGEST_BLINK:
            self._seen.clear()
        self._looked_at = monotonic
        dead = [each.id for each in watched if self._is_dead(each, monotonic)]
        return sum(bury(dispatcher_id, now, self.deduplicates) for dispatcher_id in dead)

    def _is_dead(self, dispatcher: Dispatcher, monotonic: float) -> bool:
        if dispatcher.host == here() and _is_gone(dispatcher):
            return True
        beat_before, since = self._seen.get(dispatcher.id, (-1, monotonic))
        if beat_before != dispatcher.beat:
            self._seen[dispatcher.id] = (dispatcher.beat, monotonic)
            return False
        return monotonic - since > self.lease


def _is_gone(dispatcher: Dispatcher) -> bool:
    """Whether its process has certainly ended; where that cannot be told, its beat will tell."""
    try:
        return began(dispatcher.pid) != dispatcher.process_began
    except OSError:
        return False


def bury(dispatcher_id: int, now: datetime, deduplicates: bool) -> int:
    """Write a dispatcher off and give back all that it had claimed; the number of messages."""
    with transaction() as session:
        gone = update(Dispatcher).where(Dispatcher.id == dispatcher_id, Dispatcher.left_at.is_(None))
        changed(session, gone.values(left_at=now, in_flight=0))
        lost = _give_back(session, dispatcher_id, now, deduplicates)
    if lost:
        log.warning("took over from a dead dispatcher", extra={"dispatcher_id": dispatcher_id, "messages": len(lost)})
    for row in lost:
        journal.given_back(row, dispatcher_id)
    return len(lost)


def release_strays(dispatcher_id: int, held: Collection[int], now: datetime) -> int:
    """Free what is claimed in this process's name without its knowing: a commit whose answer got lost."""
    look_again()
    mine = select(Message.id).where(Message.is_in(Status.SENDING), Message.claimed_by == dispatcher_id)
    strays = [message_id for message_id in db.session.scalars(mine) if message_id not in held]
    if not strays:
        return 0
    still = (Message.id.in_(strays), Message.is_in(Status.SENDING), Message.claimed_by == dispatcher_id)
    free = (
        update(Message)
        .where(Message.id.in_(in_order(Message.id, *still)))
        .values(status=Status.PENDING, claimed_by=None, due_at=now, **kept_where(Message.frozen))
        .returning(Message.id, *COUNTED)
        .execution_options(synchronize_session=False)
    )
    moves = Moves()
    with transaction() as session:
        freed = session.execute(free).all()
        for row in freed:
            moves.one(row, Status.SENDING)
        moves.write(session)
    for row in freed:
        journal.released(row, dispatcher_id)
    return len(freed)


def _give_back(session: Session, dispatcher_id: int, now: datetime, deduplicates: bool) -> Sequence[Any]:
    """Take the messages from a dead dispatcher, each with an attempt whose outcome nobody knows; which they were.

    Figures and attempts follow what the update really touched: on PostgreSQL a count before it could
    see other rows, if the dispatcher is not dead but slow and records at this very moment.
    """
    its = (Message.is_in(Status.SENDING), Message.claimed_by == dispatcher_id)
    freed = (
        update(Message)
        .where(Message.id.in_(in_order(Message.id, *its)))
        .values(
            status=Status.PENDING if deduplicates else _as_its_mailing_wants(),
            reason=Outcome.UNKNOWN.value, claimed_by=None, due_at=now, unknown=True, frozen=True,
            attempts=Message.attempts + 1, tries=Message.tries + 1,
        )
        .returning(Message.id, Message.epoch, Message.attempts, *COUNTED)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    rows = session.execute(freed).all()
    if rows:
        told = {"ended_at": now, "outcome": Outcome.UNKNOWN, "error": "the process that sent it died"}
        lost = [{"message_id": row.id, "epoch": row.epoch} | told for row in rows]
        session.execute(insert(Attempt).on_conflict_do_nothing(), lost)
    moves = Moves()
    for row in rows:
        moves.one(row, Status.SENDING)
        moves.attempted(row.mailing_id, row.attempts)
    moves.write(session)
    return rows


def _as_its_mailing_wants() -> Any:
    """Where a repeat would be delivered twice: sent again only if the mailing says so."""
    again = select(Mailing.when_uncertain).where(Mailing.id == Message.mailing_id).scalar_subquery()
    pending, uncertain = (literal(status, Message.status.type) for status in (Status.PENDING, Status.UNCERTAIN))
    return case((again == WhenUncertain.SEND_AGAIN, pending), else_=uncertain)
