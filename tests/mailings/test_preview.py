"""What a mailing would come to: exclusions, parts over tags, hours, and the rate to reckon with."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from mailing_app import clients, clock, mailings
from mailing_app.db import db, transaction
from mailing_app.local_time import Window
from mailing_app.mailings import Origin, Preview, headcount
from mailing_app.models import Client, Message, Traffic
from tests.dispatch.test_storage import enrolled
from tests.factories import a_client, a_filter, some_clients

NOON = datetime(2050, 6, 1, 9, 0, tzinfo=UTC)
"""In Moscow, where it is 19:00 in Vladivostok."""


def preview(text: str = "Hello!", rate: float | None = None, **given: Any) -> Preview:
    plan = {"starts_at": NOON, "ends_at": NOON + timedelta(hours=1), "filter": a_filter(), "window": None}
    return mailings.preview(rate, **plan | {"text": text} | given)


def opt_out(client: Client) -> None:
    with transaction() as session:
        session.get_one(Client, client.id).opted_out_at = clock.now()


def sent(number: int, ago: timedelta, mailing_id: int = 1, outcome: str = "accepted") -> None:
    """So many attempts in the minute that long ago."""
    minute = (clock.now() - ago).replace(second=0, microsecond=0)
    with transaction() as session:
        for up_to in (100, 200):  # two classes of one histogram
            session.add(
                Traffic(
                    minute_at=minute, mailing_id=mailing_id, dispatcher_id=1, outcome=outcome,
                    up_to=up_to, number=number // 2,
                )
            )  # fmt: skip


def test_exclusions_are_told_by_reason(app: Flask) -> None:
    away, *_ = some_clients(3, tag="vip")
    some_clients(2, tag="vip", timezone="Asia/Vladivostok")
    clients.erase(a_client(tag="vip").id)
    opt_out(away)
    opt_out(a_client(tag="other"))
    told = preview(filter=a_filter(tags=["vip"]), window=Window(time(9), time(19)))
    assert (told.audience, told.reachable) == (5, 2)
    assert told.exclusions == {"opted_out": 1, "window_never_opens": 2}
    assert preview(ends_at=NOON - timedelta(days=20_000)).exclusions == {"opted_out": 2, "term_is_over": 4}


def test_the_parts_are_counted_over_the_tags(app: Flask) -> None:
    some_clients(3, tag="Ann")
    some_clients(2, tag="Анна")
    some_clients(1, timezone="Asia/Vladivostok")
    told = preview("{tag}: " + "a" * 150)
    assert (told.on_the_air.by_parts, told.on_the_air.total) == ({1: 4, 3: 2}, 10)
    assert (told.without_tag, told.forcing) == (1, ())
    assert preview("{tag}", window=Window(time(9), time(19))).without_tag == 0


def test_of_very_many_tags_some_tell_the_rest(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headcount, "MOST_GROUPS", 2)
    for tag in ("a", "b", "c", "d"):
        a_client(tag=tag)
    told = preview("{tag}")
    assert (told.on_the_air.whole, told.on_the_air.total, told.reachable) == (False, 4, 4)


def test_a_replacement_is_offered_only_where_it_saves_parts(app: Flask) -> None:
    some_clients(2)
    told = preview("“" + "a" * 100)
    assert (told.replacements, told.saved) == ({"“": '"'}, 2)
    assert preview("“short").replacements == {}
    assert preview("“я" + "a" * 100).replacements == {}


def test_the_sample_reads_what_a_real_client_would(app: Flask) -> None:
    client = a_client(tag="Ann")
    told = preview("Hi {tag}, {phone} {name}" + "." * 200)
    assert told.sample
    assert "".join(told.sample.pieces) == f"Hi Ann, {client.phone} {{name}}" + "." * 200
    assert (len(told.sample.pieces), told.parts.parts, told.strange_fields) == (2, 2, ("{name}",))


def test_the_hours_are_those_of_the_clients_own_clocks(app: Flask) -> None:
    some_clients(2)
    some_clients(3, timezone="Asia/Vladivostok")
    now = preview().hours
    assert (now[12], now[19], sum(now)) == (2, 3, 5)
    waiting = preview(window=Window(time(15), time(18)), ends_at=NOON + timedelta(days=1)).hours
    assert (waiting[15], sum(waiting)) == (5, 5)


def test_the_rate_is_the_best_minute_of_a_day(app: Flask) -> None:
    assert (preview().rate, preview().forecast.reached) == (None, None)
    sent(6000, timedelta(days=2))
    assert (preview().rate, preview().rate_from) == (100.0, Origin.MONTH)
    sent(58, timedelta(hours=3))  # so few tell how little there was to send
    assert preview().rate_from is Origin.MONTH
    sent(600, timedelta(hours=1))
    sent(600, timedelta(hours=1), mailing_id=2)
    sent(9000, timedelta(hours=1), outcome="busy")
    assert (preview().rate, preview().rate_from) == (20.0, Origin.DAY)
    assert (preview(rate=5.0).rate, preview(rate=5.0).rate_from) == (5.0, Origin.LIMIT)
    assert preview(rate=50.0).rate_from is Origin.DAY


def test_the_forecast_tells_who_will_not_be_reached(app: Flask) -> None:
    some_clients(3)
    some_clients(2, timezone="Asia/Vladivostok")
    told = preview(rate=1 / 1800, window=Window(time(9), time(19)))
    assert (told.forecast.reached, told.finishes_at) == (2, None)
    assert [(each.offset, each.number, each.reason) for each in told.forecast.missed] == [
        ("UTC+10", 2, "window_never_opens"), ("UTC+3", 1, "not_enough_time"),
    ]  # fmt: skip


def test_nobody_who_opted_out_is_enrolled(app: Flask) -> None:
    opt_out(a_client())
    a_client()
    enrolled(starts_at=clock.now(), ends_at=clock.now() + timedelta(hours=1))
    assert [message.client_id for message in db.session.scalars(select(Message))] == [2]
