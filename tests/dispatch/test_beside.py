"""Two steps at once: each with a session of its own, and no fault is lost."""

import threading

import pytest
from flask import Flask
from sqlalchemy import event, text

from mailing_app.db import db
from mailing_app.dispatch.beside import beside


@pytest.fixture(autouse=True)
def context(app: Flask) -> None:
    """An application context, as whoever begins a step has one."""


def test_step_and_body_go_on_at_once_with_sessions_of_their_own() -> None:
    body_goes_on, sessions = threading.Event(), []

    def step() -> None:
        assert body_goes_on.wait(10)
        sessions.append(db.session())

    with beside(step):
        body_goes_on.set()
    assert sessions
    assert sessions != [db.session()]


def test_a_fault_of_the_step_comes_when_the_body_has_ended() -> None:
    ended = False
    with pytest.raises(ZeroDivisionError), beside(lambda: 1 / 0):
        ended = True
    assert ended


def test_a_fault_of_the_body_waits_for_the_step() -> None:
    done = threading.Event()
    with pytest.raises(KeyError), beside(done.set):
        raise KeyError
    assert done.is_set()


def test_of_two_faults_that_of_the_body_goes_on() -> None:
    with pytest.raises(KeyError), beside(lambda: 1 / 0):
        raise KeyError


def test_nothing_is_held_that_the_step_may_come_to_wait_for() -> None:
    freed = threading.Event()
    event.listen(db.session(), "after_rollback", lambda _: freed.set())
    waited: list[bool] = []
    with beside(lambda: waited.append(freed.wait(10))):
        db.session.execute(text("SELECT 1"))
    assert waited == [True]


def test_without_a_thread_the_step_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refused)
    order: list[str] = []
    with beside(lambda: order.append("step")):
        order.append("body")
    assert order == ["step", "body"]
