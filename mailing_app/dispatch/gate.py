"""The gate before the gateway: holds and waits that all dispatchers keep together, in the database."""

import hashlib
import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, or_, select, update

from mailing_app import turns
from mailing_app.db import after_commit, changed, db, insert, look_again, run, transaction
from mailing_app.holds import FREE, ONLY
from mailing_app.models import GatewayState, Hold, Turn

log = logging.getLogger(__name__)

PROBE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Opening:
    """How far the gate is open: for everyone, for one probe, or not at all."""

    wide: bool
    probe: bool = False


def fingerprint(url: str, token: str) -> str:
    """Tells one address and token from another without keeping either."""
    return hashlib.sha256(f"{url}\n{token}".encode()).hexdigest()


@dataclass(slots=True)
class Gate:
    """The gate as one process sees it. `under` is the fingerprint of the address and token that it uses.

    A hold blames an address or a token, so it binds only those who use the same; an operator's binds everyone.
    """

    under: str
    _next_try: datetime | None = None
    """Of a process of its own that is refused while the one row already holds another token."""

    def prepare(self, now: datetime) -> None:
        """Make sure the row exists, and lift what another address or token was told: a hold, a wait."""
        with transaction() as session:
            session.execute(insert(GatewayState).values(id=ONLY, held_under=self.under).on_conflict_do_nothing())
            outdated = (GatewayState.held_under != self.under, _not_by_an_operator())
            fresh = FREE | {"held_under": self.under, "wait_until": None}
            held = session.scalar(select(GatewayState.hold).where(*outdated).with_for_update())
            session.execute(update(GatewayState).where(*outdated).values(fresh))
            if held:
                turns.note(session, Turn.HOLD_LIFTED, now)
                after_commit(session, _tell_of_lift)

    def opening(self, now: datetime) -> Opening:
        """Look at the gate, and take the probe if one is due: of many dispatchers one gets it."""
        state = _present()
        if state is None:
            return Opening(wide=True)
        if state.hold is Hold.OPERATOR or (state.wait_until and state.wait_until > now):
            return Opening(wide=False)
        if state.hold is None or not self._binds(state, now):
            return self._alone(now)
        due = state.probe_at is not None and state.probe_at <= now
        return Opening(wide=False, probe=due and self._take_probe(now))

    def lets_ask(self, now: datetime) -> bool:
        """Whether the gateway may be asked what became of messages: not under any hold, and not while it wants to be
        left alone. Takes no probe."""
        state = _present()
        if state is None or state.hold is not None:
            return False
        return state.wait_until is None or state.wait_until <= now

    def hold(self, kind: Hold, detail: str, now: datetime) -> None:
        """Let nothing through but a probe a minute. A hold that stands already keeps its beginning."""
        begun = {"hold": kind, "held_at": now, "held_under": self.under, "detail": detail}
        with transaction() as session:
            free = update(GatewayState).where(GatewayState.id == ONLY, GatewayState.hold.is_(None))
            held = changed(session, free.values(begun | {"probe_at": now + PROBE_EVERY}))
            others = GatewayState.held_under != self.under
            beside = None if held else session.scalar(select(GatewayState.id).where(others))
            if held:
                turns.note(session, Turn.HOLD, now, f"{kind.value} {detail}")
        if beside:
            self._next_try = now + PROBE_EVERY
        if held or beside:
            log.error("gateway on hold", extra={"hold": kind.value, "detail": detail})

    def lift(self, kinds: Collection[Hold], now: datetime) -> None:
        """A probe disproved what these holds say: everyone may go on."""
        with transaction() as session:
            disproved = (GatewayState.id == ONLY, GatewayState.hold.in_(kinds), GatewayState.held_under == self.under)
            lifted = changed(session, update(GatewayState).where(*disproved).values(FREE))
            if lifted:
                turns.note(session, Turn.HOLD_LIFTED, now)
        if lifted or self._next_try:
            _tell_of_lift()
        self._next_try = None

    def _alone(self, now: datetime) -> Opening:
        """Nothing in the row binds us; what we were told ourselves may."""
        if self._next_try is None:
            return Opening(wide=True)
        due = not now < self._next_try <= now + PROBE_EVERY  # further off only after the clock was set back
        if due:
            self._next_try = now + PROBE_EVERY
        return Opening(wide=False, probe=due)

    def _binds(self, state: Any, now: datetime) -> bool:
        """Whether the hold is ours too. One of another token that nobody probes any more has outlived its users."""
        if state.held_under == self.under:
            return True
        if state.probe_at is not None and state.probe_at < now - PROBE_EVERY:
            self.prepare(now)
        return False

    def _take_probe(self, now: datetime) -> bool:
        with transaction() as session:
            due = (GatewayState.id == ONLY, GatewayState.probe_at <= now)
            return changed(session, update(GatewayState).where(*due).values(probe_at=now + PROBE_EVERY)) == 1


def _present() -> Any:
    """What is known of the gateway at this moment, by whomever."""
    look_again()
    return run(db.session(), _looking()).one_or_none()


@cache
def _looking() -> Any:
    columns = (GatewayState.hold, GatewayState.held_under, GatewayState.probe_at, GatewayState.wait_until)
    return select(*columns).where(GatewayState.id == ONLY)


def wait(until: datetime, now: datetime) -> None:
    """Let nobody through before that moment; the latest one asked for counts."""
    with transaction() as session:
        state = session.get(GatewayState, ONLY, with_for_update=True, populate_existing=True)
        if state is None or (state.wait_until and state.wait_until >= until):
            return
        if state.wait_until is None or state.wait_until <= now:
            turns.note(session, Turn.WAIT, now, until.isoformat())
            told = {"until": until.isoformat(timespec="seconds")}
            after_commit(session, lambda: log.warning("the gateway asked to be left alone", extra=told))
        state.wait_until = until


def _tell_of_lift() -> None:
    log.warning("gateway hold lifted")


def _not_by_an_operator() -> ColumnElement[bool]:
    return or_(GatewayState.hold.is_(None), GatewayState.hold != Hold.OPERATOR)
