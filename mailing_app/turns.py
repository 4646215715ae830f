"""The turns of the gateway's weather: noted in the transaction of the change, kept for a month."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from mailing_app.db import changed, db, transaction
from mailing_app.models import GatewayEvent, Turn

A_MINUTE = 3
"""How many turns of one kind are noted of one dispatcher in a minute: what flutters must not fill the table."""

KEPT = timedelta(days=30)


def note(session: Session, kind: Turn, now: datetime, detail: str = "", dispatcher_id: int | None = None) -> None:
    """Write the turn beside the change that it tells of; `dispatcher_id` says whose breaker it was."""
    same = (GatewayEvent.kind == kind.value, GatewayEvent.dispatcher_id.is_not_distinct_from(dispatcher_id))
    lately = GatewayEvent.turned_at.between(now - timedelta(minutes=1), now)
    noted: Any = session.scalar(select(func.count()).select_from(GatewayEvent).where(*same, lately))
    if noted < A_MINUTE:
        session.add(GatewayEvent(turned_at=now, dispatcher_id=dispatcher_id, kind=kind.value, detail=detail[:300]))


def since(moment: datetime, limit: int = 50) -> Sequence[GatewayEvent]:
    """The turns since that moment, the newest first."""
    latest = select(GatewayEvent).where(GatewayEvent.turned_at >= moment)
    return db.session.scalars(latest.order_by(GatewayEvent.turned_at.desc(), GatewayEvent.id.desc()).limit(limit)).all()


def forget(now: datetime) -> int:
    """Drop the turns that are too old; how many."""
    with transaction() as session:
        return changed(session, delete(GatewayEvent).where(GatewayEvent.turned_at < now - KEPT))
