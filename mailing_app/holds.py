"""Holds: why the gateway gets nothing, or nothing but a probe. They bind every dispatcher and survive restarts."""

from typing import Any

from sqlalchemy import func, or_, select, update

from mailing_app import audit, clock, turns
from mailing_app.db import changed, insert, transaction
from mailing_app.models import Action, GatewayState, Hold, Tally, Turn

ONLY = 1
"""The id of the one row that says what is known of the gateway."""

FREE: dict[str, Any] = {"hold": None, "held_at": None, "probe_at": None, "detail": ""}


def stop(reason: str = "") -> int:
    """An operator stops all sending until somebody lets it go on. What is on the wire still gets its answer.

    It takes the place of any other hold, since not even a probe may leave. How many messages were on their way to the
    gateway at that moment.
    """
    with transaction() as session:
        session.execute(insert(GatewayState).values(id=ONLY).on_conflict_do_nothing())
        stopped = FREE | {"hold": Hold.OPERATOR, "held_at": clock.now(), "detail": reason}
        other = GatewayState.hold.is_distinct_from(Hold.OPERATOR)
        if changed(session, update(GatewayState).where(GatewayState.id == ONLY, other).values(stopped)):
            audit.note(session, Action.SENDING_STOPPED, reason=reason)
            turns.note(session, Turn.STOPPED, clock.now(), reason)
        return int(session.scalar(select(func.coalesce(func.sum(Tally.sending), 0))) or 0)


def go_on() -> None:
    """Lift whatever holds the sending, the gateway's own wish to be left alone included.

    Where its reason still stands, the next messages bring it back.
    """
    with transaction() as session:
        held = or_(GatewayState.hold.is_not(None), GatewayState.wait_until.is_not(None))
        free = FREE | {"wait_until": None}
        if changed(session, update(GatewayState).where(GatewayState.id == ONLY, held).values(free)):
            audit.note(session, Action.SENDING_WENT_ON)
            turns.note(session, Turn.WENT_ON, clock.now())
