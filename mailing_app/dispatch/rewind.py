"""After the clock was set back: nobody goes on waiting for a moment of the old clock."""

import logging
from datetime import datetime

from sqlalchemy import or_, select, update

from mailing_app.db import changed, in_order, transaction
from mailing_app.holds import ONLY
from mailing_app.mailings import in_phase
from mailing_app.models import GatewayState, Mailing, Message, Phase, Status

log = logging.getLogger(__name__)


def rewind(now: datetime) -> None:
    """Make due what waits for a retry, a probe or the gateway's leave; it costs a few calls and is rarely needed.

    A first attempt that waits for a local window goes on waiting: windows are told by the wall clock.
    """
    with transaction() as session:
        running = select(Mailing.id).where(in_phase(Phase.RUNNING, now))
        unbound = select(Mailing.id).where(Mailing.window_from.is_(None))
        waiting = (Message.mailing_id.in_(running), Message.is_in(Status.PENDING), Message.due_at > now)
        late = in_order(Message.id, *waiting, or_(Message.attempts > 0, Message.mailing_id.in_(unbound)))
        number = changed(session, update(Message).where(Message.id.in_(late)).values(due_at=now))
        gateway = update(GatewayState).where(GatewayState.id == ONLY)
        session.execute(gateway.where(GatewayState.wait_until > now).values(wait_until=now))
        session.execute(gateway.where(GatewayState.probe_at > now).values(probe_at=now))
    log.warning("the clock was set back; what waited for a moment of the old one is due", extra={"messages": number})
