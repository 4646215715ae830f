"""How fast a mailing goes, when it will be done, and who waits for what."""

import sys
from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from mailing_app import clock, mailings
from mailing_app.db import db, transaction
from mailing_app.local_time import Window
from mailing_app.mailings import Progress
from mailing_app.models import Mailing, Message, Traffic
from tests.dispatch.test_storage import enrol_all
from tests.factories import a_client, a_mailing, some_clients

NOW = datetime.fromisoformat("2026-06-01T21:30:20+00:00")  # 00:30 in Moscow, 07:30 in Vladivostok


def running(**given: object) -> Mailing:
    mailing = a_mailing(**{"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=2)} | given)
    enrol_all(NOW)
    return mailing


def accepted(mailing: Mailing, number: int) -> None:
    """So many were accepted in the minute before."""
    before = NOW.replace(second=0) - timedelta(minutes=1)
    with transaction() as session:
        session.add(
            Traffic(
                minute_at=before, mailing_id=mailing.id, dispatcher_id=1, outcome="accepted", up_to=50, number=number
            )
        )


def told(mailing: Mailing, limit: float | None = None, by_parts: bool = False) -> Progress:
    db.session.commit()
    db.session.expire_all()
    progress = mailings.progress(mailings.get(mailing.id), limit, by_parts, NOW)
    assert progress
    return progress


def test_at_its_rate_a_mailing_is_done_before_its_end(app: Flask) -> None:
    some_clients(20)
    mailing = running()
    accepted(mailing, 160)
    progress = told(mailing)
    assert (progress.rate, progress.left, progress.missed) == (2, 20, 0)
    assert progress.done_at == NOW + timedelta(seconds=10)
    assert (progress.windows, progress.retries, progress.at_the_limit) == ([], None, False)


def test_who_is_not_reached_by_the_end_is_told(app: Flask) -> None:
    some_clients(20)
    mailing = running(ends_at=NOW + timedelta(seconds=6))
    accepted(mailing, 160)
    assert told(mailing).missed == 8


def test_without_a_rate_nobody_can_tell(app: Flask) -> None:
    some_clients(2)
    progress = told(running())
    assert (progress.rate, progress.done_at, progress.missed) == (0, None, 0)


@pytest.mark.parametrize(("limit", "by_parts", "at_the_limit"), [
    (None, False, False), (2.1, False, True), (3, False, False), (4.2, True, True), (2.1, True, True), (9, True, False),
])  # fmt: skip
def test_the_limit_is_told_where_it_sets_the_pace(
    app: Flask, limit: float | None, by_parts: bool, at_the_limit: bool
) -> None:
    some_clients(1)
    mailing = running(text="ы" * 71)  # two parts
    accepted(mailing, 160)
    assert told(mailing, limit, by_parts).at_the_limit is at_the_limit


def test_who_waits_for_a_window_and_who_for_another_attempt(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    some_clients(3, timezone="Asia/Vladivostok")
    some_clients(2, timezone="Europe/Moscow")
    late = [a_client(timezone="Asia/Kamchatka") for _ in range(4)]  # 09:30 there, the window is open
    mailing = running(window=Window(time(9), time(21)), ends_at=NOW + timedelta(hours=5))
    accepted(mailing, 80)
    with transaction() as session:
        session.execute(
            update(Message)
            .where(Message.client_id.in_([client.id for client in late[:3]]))
            .values(due_at=NOW + timedelta(seconds=20), attempts=1)
        )
    progress = told(mailing)
    assert [(each.number, each.zone, each.until.isoformat()) for each in progress.windows] == [
        (3, "Asia/Vladivostok", "2026-06-01T23:00:00+00:00"), (2, "Europe/Moscow", "2026-06-02T06:00:00+00:00"),
    ]  # fmt: skip
    assert progress.retries
    assert (progress.retries.number, progress.retries.until) == (3, NOW + timedelta(seconds=20))
    assert progress.missed == 2  # the two in Moscow: their window opens after the end
    assert progress.done_at == datetime.fromisoformat("2026-06-02T06:00:02+00:00")
    monkeypatch.setattr(sys.modules[Progress.__module__], "COUNTED", 2)
    first = told(mailing).windows[0]
    assert (first.number, first.more) == (2, True)


def test_what_does_not_run_or_has_nothing_left_has_no_progress(app: Flask) -> None:
    some_clients(1)
    mailing = a_mailing()
    assert mailings.progress(mailing, None, False, clock.now()) is None
    enrol_all()
    mailings.pause(mailing.id)
    db.session.expire_all()
    assert mailings.progress(mailings.get(mailing.id), None, False, clock.now()) is None
