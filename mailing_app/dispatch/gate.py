"""The gate before the gateway: holds and waits that all dispatchers keep together, in the database."""

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from mailing_app.db import changed, db, insert, look_again, transaction
from mailing_app.models import GatewayState, Hold

log = logging.getLogger(__name__)

PROBE_EVERY = timedelta(minutes=1)
ONLY = 1
"""The id of the one row."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How far the gate is open: for everyone, for one probe, or not at all."""

    wide: bool
    probe: bool = False


def fingerprint(url: str, token: str) -> str:
    """Tells one address and token from another without keeping either."""
    return hashlib.sha256(f"{url}\n{token}".encode()).hexdigest()


def prepare(held_under: str) -> None:
    """Make sure the row exists, and lift a hold that began under another address or token."""
    with transaction() as session:
        session.execute(insert(GatewayState).values(id=ONLY, held_under=held_under).on_conflict_do_nothing())
        outdated = GatewayState.held_under != held_under
        blamed = or_(GatewayState.hold.is_(None), GatewayState.hold != Hold.OPERATOR)
        session.execute(update(GatewayState).where(outdated, blamed).values(held_under=held_under, **_FREE))


def opening(now: datetime) -> Opening:
    """Look at the gate, and take the probe if one is due: of many dispatchers one gets it."""
    look_again()
    state = db.session.get(GatewayState, ONLY, populate_existing=True)
    if state is None or (state.hold is None and not _waits(state, now)):
        return Opening(wide=True)
    if state.hold is None or state.hold is Hold.OPERATOR or not state.probe_at or state.probe_at > now:
        return Opening(wide=False)
    return Opening(wide=False, probe=_take_probe(now))


def hold(kind: Hold, detail: str, now: datetime) -> None:
    """Let nothing through but a probe a minute. A hold that stands already keeps its beginning."""
    with transaction() as session:
        free = update(GatewayState).where(GatewayState.id == ONLY, GatewayState.hold.is_(None))
        held = changed(session, free.values(hold=kind, held_at=now, detail=detail, probe_at=now + PROBE_EVERY))
    if held:
        log.error("gateway on hold", extra={"hold": kind.value, "detail": detail})


def lift() -> None:
    """A probe was answered as it should be: everyone may go on."""
    with transaction() as session:
        blamed = (GatewayState.hold.is_not(None), GatewayState.hold != Hold.OPERATOR)
        lifted = changed(session, update(GatewayState).where(GatewayState.id == ONLY, *blamed).values(**_FREE))
    if lifted:
        log.warning("gateway hold lifted")


def wait(until: datetime) -> None:
    """Let nobody through before that moment; the latest one asked for counts."""
    with transaction() as session:
        later = or_(GatewayState.wait_until.is_(None), GatewayState.wait_until < until)
        session.execute(update(GatewayState).where(GatewayState.id == ONLY, later).values(wait_until=until))


def draw_tokens(session: Session, wanted: int, rate: float, now: datetime) -> int:
    """How many of the wanted messages the rate allows all dispatchers together just now; at most a second's worth."""
    state = session.get(GatewayState, ONLY, with_for_update=True, populate_existing=True)
    if state is None:
        return 0
    most = max(rate, 1.0)
    # A clock that was set back draws nothing until it has caught up, rather than a flood.
    elapsed = max((now - state.tokens_at).total_seconds(), 0.0) if state.tokens_at else 1.0
    in_bucket = min(most, state.tokens + elapsed * rate)
    drawn = min(wanted, int(in_bucket))
    state.tokens, state.tokens_at = in_bucket - drawn, now
    return drawn


def _waits(state: GatewayState, now: datetime) -> bool:
    return state.wait_until is not None and state.wait_until > now


def _take_probe(now: datetime) -> bool:
    with transaction() as session:
        due = (GatewayState.id == ONLY, GatewayState.probe_at <= now)
        return changed(session, update(GatewayState).where(*due).values(probe_at=now + PROBE_EVERY)) == 1


_FREE = {"hold": None, "held_at": None, "probe_at": None, "detail": ""}
