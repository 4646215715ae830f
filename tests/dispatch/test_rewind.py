"""After the clock was set back nobody waits for a moment of the old one."""

from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import clock, holds, mailings
from mailing_app.db import db
from mailing_app.dispatch import gate
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.dispatch.rewind import rewind
from mailing_app.local_time import Window
from mailing_app.models import GatewayState, Hold, Mailing, Status
from tests.dispatch.test_storage import claim, enrolled, messages, result
from tests.factories import a_client, some_clients

HOUR = timedelta(hours=1)


def waiting_for_a_retry(**given: Any) -> Mailing:
    """A mailing whose one message waits for an hour of the old clock."""
    a_client()
    mailing = enrolled(ends_at=clock.now() + 9 * HOUR, **given)
    [envelope] = claim()
    record([result(envelope, Status.PENDING, Outcome.BUSY, due_at=clock.now() + HOUR)])
    return mailing


@pytest.mark.parametrize("window", [None, Window(time(0), time(23, 59, 59))])
def test_what_waits_for_a_retry_is_due(app: Flask, window: Window | None) -> None:
    mailing, now = waiting_for_a_retry(window=window), clock.now()
    rewind(now)
    assert messages(mailing)[0].due_at == now


def test_what_was_never_tried_is_due_but_for_what_waits_for_its_window(app: Flask) -> None:
    some_clients(2)
    now = clock.now()
    plain, bound = enrolled(), enrolled(window=Window(time(0), time(23, 59, 59)))
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET due_at = (SELECT max(ends_at) FROM mailing)")
    rewind(now)
    assert {message.due_at for message in messages(plain)} == {now}
    assert {message.due_at for message in messages(bound)} == {bound.ends_at}


def test_what_is_stopped_is_left_alone(app: Flask) -> None:
    mailing = waiting_for_a_retry()
    before = messages(mailing)[0].due_at
    mailings.pause(mailing.id)
    rewind(clock.now())
    assert messages(mailing)[0].due_at == before


def test_what_is_due_already_stays_as_old_as_it_is(app: Flask) -> None:
    mailing = waiting_for_a_retry()
    before = messages(mailing)[0].due_at
    rewind(before + HOUR)
    assert messages(mailing)[0].due_at == before


def test_the_gateways_wait_and_the_next_probe_are_over(app: Flask) -> None:
    ours, now = gate.Gate("ours"), clock.now()
    ours.prepare(now)
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", now + HOUR)
    gate.wait(now + 2 * HOUR, now)
    rewind(now)
    state = db.session.get_one(GatewayState, holds.ONLY, populate_existing=True)
    assert (state.wait_until, state.probe_at, state.hold) == (now, now, Hold.TOKEN_REFUSED)
    assert ours.opening(now).probe
