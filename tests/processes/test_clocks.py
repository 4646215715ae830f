"""A wall clock that is set while a real dispatcher runs: it goes on, and starts what has begun by the new clock."""

import signal
import subprocess
from datetime import timedelta

import pytest
from sqlalchemy import select

from mailing_app import clock
from mailing_app.db import db
from mailing_app.models import Attempt, Dispatcher, Mailing
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import figures
from tests.factories import a_client, a_mailing, some_clients
from tests.processes.conftest import WORKER, Start, eventually

SOON = 20.0
"""Seconds, far below the hour by which the clock is set."""


@pytest.fixture(params=["dispatcher", WORKER])
def dispatcher(start: Start, request: pytest.FixtureRequest) -> subprocess.Popen[bytes]:
    """A dispatcher on a clock that jumps at a signal."""
    return start(request.param, module="tests.processes.jumping", gateway_concurrency=4)


def long_running(**given: object) -> Mailing:
    """A mailing that is running an hour ago and in an hour."""
    hours = timedelta(hours=3)
    return a_mailing(**({"starts_at": clock.now() - hours, "ends_at": clock.now() + hours} | given))


def test_set_back_by_an_hour_it_goes_on(dispatcher: subprocess.Popen[bytes], gateway: PracticeGateway) -> None:
    """What waits for a retry by the old clock, what is added by the new one, and the ticks themselves."""
    some_clients(4)
    gateway.script(None, ["reset"] * 4)
    before = long_running()
    eventually(lambda: figures(before) == {"pending": 4} and len(db.session.scalars(select(Attempt)).all()) == 4)
    dispatcher.send_signal(signal.SIGUSR1)
    after = long_running()
    eventually(lambda: figures(before) == {"sent": 4}, SOON)
    eventually(lambda: figures(after) == {"sent": 4}, SOON)


def test_set_back_to_before_the_start_nothing_leaves(
    dispatcher: subprocess.Popen[bytes], gateway: PracticeGateway
) -> None:
    some_clients(8)
    gateway.close_gate()
    begun = a_mailing(starts_at=clock.now() - timedelta(minutes=1), ends_at=clock.now() + timedelta(hours=3))
    assert gateway.wait_for_requests(4, timeout=SOON)
    dispatcher.send_signal(signal.SIGUSR1)
    eventually(beats_by_the_old_clock, SOON)
    gateway.open_gate()
    eventually(lambda: figures(begun) == {"sent": 4, "pending": 4}, SOON)
    other = long_running()
    eventually(lambda: figures(other) == {"sent": 8}, SOON)
    assert figures(begun) == {"sent": 4, "pending": 4}  # by its clock the mailing has not begun yet
    dispatcher.send_signal(signal.SIGUSR2)
    eventually(lambda: figures(begun) == {"sent": 8}, SOON)


def test_set_forward_it_begins_what_is_due_by_then(
    dispatcher: subprocess.Popen[bytes], gateway: PracticeGateway
) -> None:
    a_client()
    first = long_running()
    eventually(lambda: figures(first) == {"sent": 1}, SOON)
    later = a_mailing(starts_at=clock.now() + timedelta(minutes=30), ends_at=clock.now() + timedelta(hours=3))
    over = a_mailing(starts_at=clock.now() + timedelta(minutes=10), ends_at=clock.now() + timedelta(minutes=50))
    dispatcher.send_signal(signal.SIGUSR2)
    eventually(lambda: figures(later) == {"sent": 1}, SOON)
    eventually(lambda: figures(over) == {"expired": 1}, SOON)


def beats_by_the_old_clock() -> bool:
    """Whether the dispatcher has shown a beat since its clock was set back."""
    db.session.commit()
    beat_at = db.session.scalar(select(Dispatcher.beat_at))
    return beat_at is not None and beat_at < clock.now() - timedelta(minutes=30)
