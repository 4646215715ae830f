"""The forecast that is kept when an audience is complete."""

from datetime import UTC, datetime, time, timedelta

import pytest
from flask import Flask

from mailing_app import clock, mailings
from mailing_app.db import db
from mailing_app.dispatch import enrol
from mailing_app.dispatch.record import record
from mailing_app.local_time import Window
from mailing_app.mailings import Expectation, Origin, expectation
from mailing_app.models import Mailing, Status
from tests.conftest import make_settings
from tests.dispatch.test_storage import claim, enrol_all, result
from tests.factories import a_client, a_filter, a_mailing, some_clients
from tests.mailings.test_preview import sent

NOON = datetime(2050, 6, 1, 9, 0, tzinfo=UTC)
"""In Moscow, where it is 19:00 in Vladivostok."""
HOUR = timedelta(hours=1)


def begun_at(moment: datetime, **given: object) -> Mailing:
    """A mailing whose audience was complete at that moment."""
    mailing = a_mailing(**({"starts_at": moment, "ends_at": moment + HOUR} | given))
    enrol_all(moment)
    return mailing


def forecast_of(mailing: Mailing) -> Expectation | None:
    db.session.rollback()
    return mailings.forecast_of(db.session.get_one(Mailing, mailing.id, populate_existing=True))


def limit(app: Flask, monkeypatch: pytest.MonkeyPatch, database_url: str, rate: float, unit: str = "messages") -> None:
    given = {"gateway_rate": rate, "gateway_rate_unit": unit}
    monkeypatch.setitem(app.config, "SETTINGS", make_settings(database_url, **given))


def test_without_a_rate_only_closed_windows_are_told(app: Flask) -> None:
    some_clients(2)
    some_clients(3, timezone="Asia/Vladivostok")
    told = forecast_of(begun_at(NOON, window=Window(time(9), time(19))))
    assert told
    assert (told.made_at, told.ends_at, told.recipients) == (NOON, NOON + HOUR, 5)
    assert (told.rate, told.rate_from, told.reached, told.finishes_at) == (None, None, None, None)
    assert [(each.offset, each.number, each.reason) for each in told.missed] == [("UTC+10", 3, "window_never_opens")]


def test_the_best_minute_tells_when_it_will_be_done(app: Flask) -> None:
    some_clients(10)
    sent(120, HOUR)
    now = clock.now()
    told = forecast_of(begun_at(now))
    assert told
    assert (told.rate, told.rate_from, told.reached) == (2.0, Origin.DAY, 10)
    assert told.finishes_at == now + timedelta(seconds=5)


@pytest.mark.parametrize(("unit", "rate", "reached"), [("messages", 0.001, 3), ("parts", 0.001, 1)])
def test_the_limit_binds_and_counts_what_its_unit_says(
    app: Flask, monkeypatch: pytest.MonkeyPatch, database_url: str, unit: str, rate: float, reached: int
) -> None:
    limit(app, monkeypatch, database_url, rate, unit)
    some_clients(4)
    told = forecast_of(begun_at(NOON, text="я" * 71))  # of two parts
    assert told
    assert (told.rate_from, told.reached) == (Origin.LIMIT, reached)
    assert told.rate == pytest.approx(rate / (2 if unit == "parts" else 1))


def test_by_parts_each_tag_takes_its_own(app: Flask, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    limit(app, monkeypatch, database_url, 30, "parts")
    some_clients(2, tag="Ann")
    a_client(tag="я" * 71)
    told = forecast_of(begun_at(NOON, text="{tag}"))
    assert told
    assert told.rate == pytest.approx(30 * 3 / 4)


def test_of_very_many_tags_some_are_enough(app: Flask, monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    limit(app, monkeypatch, database_url, 30, "parts")
    monkeypatch.setattr(expectation, "MOST_GROUPS", 2)
    for tag in ("Ann", "Eve", "Zoë"):
        a_client(tag=tag)
    told = forecast_of(begun_at(NOON, text="{tag}"))
    assert told
    assert told.rate == pytest.approx(30)


def test_whoever_was_sent_to_before_counts_as_reached(
    app: Flask, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    limit(app, monkeypatch, database_url, 10)
    monkeypatch.setattr(enrol, "CLIENTS_A_CHUNK", 2)
    some_clients(5)
    mailing = a_mailing()
    assert enrol.enrol(clock.now())
    record([result(envelope, Status.SENT) for envelope in claim(2)])
    enrol_all()
    told = forecast_of(mailing)
    assert told
    assert (told.recipients, told.reached, told.missed) == (5, 5, ())


def test_it_is_made_once_and_stands(app: Flask) -> None:
    a_client()
    mailing = begun_at(NOON)
    first = forecast_of(mailing)
    a_client()
    mailings.change(mailing.id, ends_at=NOON + 2 * HOUR)
    enrol_all(NOON + timedelta(minutes=1))
    assert first
    assert forecast_of(mailing) == first
    assert db.session.get_one(Mailing, mailing.id).version == 2  # of the change alone


def test_another_audience_has_another_forecast(app: Flask) -> None:
    some_clients(2, tag="vip")
    a_client(tag="new")
    mailing = begun_at(NOON)
    mailings.change(mailing.id, filter=a_filter(tags=["new"]))
    assert forecast_of(mailing) is None
    enrol_all(NOON + timedelta(minutes=1))
    told = forecast_of(mailing)
    assert told
    assert (told.made_at, told.recipients) == (NOON + timedelta(minutes=1), 1)


def test_a_fault_in_it_stops_no_audience(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    a_client()
    monkeypatch.setattr(expectation, "allowed_rate", lambda: 1 / 0)
    mailing = begun_at(NOON)
    assert forecast_of(mailing) is None
    assert mailings.get(mailing.id).enrolled_at == NOON
    assert "the forecast is not kept" in caplog.text
