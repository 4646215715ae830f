"""Pages with something on them, and a way to use a form as a browser does."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clock
from mailing_app.db import db, transaction
from mailing_app.models import Attempt, Dispatcher, GatewayState, Hold, Message, Role, Status
from tests.conftest import signed_in
from tests.factories import a_client, a_mailing

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def viewer(app: Flask) -> FlaskClient:
    """A browser in which a viewer is signed in."""
    return signed_in(app, Role.VIEWER)


@pytest.fixture
def filled(app: Flask) -> None:
    """Client 1, mailing 1 with one failed message 1 and its attempt, a dispatcher, and a gateway on hold."""
    client, mailing, now = a_client(tag=HOSTILE), a_mailing(name=HOSTILE, text=HOSTILE), clock.now()
    with transaction() as session:
        session.add(
            Message(
                mailing_id=mailing.id,
                client_id=client.id,
                status=Status.FAILED,
                reason="refused",
                attempts=1,
                created_at=now,
                due_at=now,
            )
        )
        session.flush()
        mailing.tally.failed = 1
        session.add(
            Attempt(
                message_id=1, epoch=1, started_at=now, ended_at=now, outcome="refused", http_status=400, error=HOSTILE
            )
        )
        session.add(GatewayState(id=1, hold=Hold.TOKEN_REFUSED, held_at=now))
    a_dispatcher()


def a_dispatcher(beat_at: datetime | None = None) -> None:
    """A dispatcher that was last heard of then, by default just now."""
    now = beat_at or clock.now()
    with transaction() as session:
        session.add(Dispatcher(host="here", pid=1, process_began="", started_at=now, beat_at=now))


def later_today() -> datetime:
    """A moment to the minute, as forms show it."""
    return datetime.now(UTC).replace(second=0, microsecond=0)


__all__ = ["HOSTILE", "a_dispatcher", "db", "later_today"]
