"""The gateway's page, the progress of a mailing on its page, and a mailing in pictures."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clock, holds, traffic
from mailing_app.db import transaction
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.models import RawAnswer, Status, Traffic
from tests.dispatch.test_storage import claim, enrol_all, enrolled, result
from tests.factories import a_client, a_mailing, some_clients
from tests.web.test_gateway import a_dispatcher

EMPTY = "Nothing was sent yet."


def happened(minute_at: datetime, outcome: str, number: int, up_to: int = 50, mailing_id: int = 1) -> None:
    key = {"minute_at": minute_at, "mailing_id": mailing_id, "dispatcher_id": 1, "outcome": outcome, "up_to": up_to}
    with transaction() as session:
        session.add(Traffic(**key, number=number))


def test_before_anything_was_sent_the_page_says_so(viewer: FlaskClient) -> None:
    page = viewer.get("/gateway").text
    assert EMPTY in page
    assert "No dispatcher is alive" in page
    assert "Nothing out of the ordinary." in page
    assert "None has shown up." in page


def test_the_page_shows_speed_outcomes_turns_and_answers(operator: FlaskClient) -> None:
    now = clock.now()
    minute = traffic.minute_of(now)
    a_dispatcher(in_flight=3, allowed=8)
    happened(minute - timedelta(minutes=2), "accepted", 900)
    happened(minute - timedelta(minutes=2), "busy", 100, up_to=700)
    with transaction() as session:
        session.add(RawAnswer(
            dispatcher_id=1, place=0, came_at=now, message_id=7, outcome="busy", http_status=503, milliseconds=640,
            excerpt="HTTP 503\n\n<h1>Busy</h1>",
        ))  # fmt: skip
    holds.stop("lunch")
    holds.go_on()
    page = operator.get("/gateway").text
    for words in (
        "Well: messages go through", "3, at most 8 just now, of 64 seats", "about 41 ms (up to 50)",
        "about 600 ms (up to 700)", "HTTP 503\n\n&lt;h1&gt;Busy&lt;/h1&gt;", "640 ms",
        "An operator stopped all sending.", "lunch",
        "An operator let the sending go on.", 'aria-labelledby="mix-title"', "Asked to slow down",
    ):  # fmt: skip
        assert words in page
    assert EMPTY not in page


def test_yesterday_is_in_the_day_and_not_in_the_hour(operator: FlaskClient) -> None:
    happened(traffic.minute_of(clock.now()) - timedelta(hours=5), "accepted", 17)
    assert '<rect class="bar' not in operator.get("/gateway").text.split('id="dispatchers"')[0]
    day = operator.get("/gateway?span=day").text
    assert "Attempts by the hour" in day
    assert ">17</td>" in day
    assert 'data-live="/gateway/live?span=day"' in day


def test_the_live_part_is_told_once(operator: FlaskClient) -> None:
    happened(traffic.minute_of(clock.now()) - timedelta(minutes=7), "accepted", 17)
    first = operator.get("/gateway/live")
    again = operator.get("/gateway/live", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)


@pytest.mark.parametrize("path", ["/gateway", "/mailings/1", "/mailings/1/report"])
def test_the_pages_speak_russian(operator: FlaskClient, path: str) -> None:
    some_clients(2)
    enrolled()
    record([result(claim(1)[0], Status.SENT)])
    with operator.session_transaction() as session:
        session["language"] = "ru"
    expected = {"/gateway": "Чем закончились попытки", "/mailings/1": "Осталось времени"}
    assert expected.get(path, "Как шла рассылка") in operator.get(path).text


def test_a_running_mailing_tells_its_rate_and_its_end(operator: FlaskClient) -> None:
    some_clients(3)
    mailing = enrolled()
    page = operator.get("/mailings/1").text
    assert "Nobody can tell: nothing was accepted in the last minute." in page
    record([result(claim(1)[0], Status.SENT)])
    assert "At this rate done by" in operator.get(f"/mailings/{mailing.id}/live").text


def test_a_mailing_in_pictures(operator: FlaskClient) -> None:
    for code, zone in (("901", "Asia/Omsk"), ("901", "Europe/Moscow"), ("902", "Europe/Moscow")):
        a_client(operator_code=code, timezone=zone)
    a_mailing()
    assert "Nobody is enrolled yet." in operator.get("/mailings/1/report").text
    enrol_all()
    assert "No attempt has ended yet." in operator.get("/mailings/1/report").text
    first, second, _ = claim(3)
    record([result(first, Status.SENT), result(second, Status.FAILED, Outcome.REFUSED)])
    page = operator.get("/mailings/1/report").text
    codes = page.split('id="operator_code"')[1].split('id="timezone"')[0]
    assert codes.index(">901<") < codes.index(">902<")
    assert 'width="66.67%"' not in codes  # the bars are as long as the largest group is whole
    assert 'width="50.0%"' in codes
    assert "Accepted so far" in page
    assert "Asia/Omsk" in page.split('id="timezone"')[1]


def test_the_summary_stands_alone(app: Flask, operator: FlaskClient) -> None:
    from flask import render_template

    from mailing_app.web import display

    now = clock.now()
    happened(traffic.minute_of(now), "accepted", 5)
    context: dict[str, Any] = display.sending(now) | display.weather(now)
    with app.test_request_context("/"):
        html = render_template("gateway/summary.html", **context)
    assert "Accepted minute by minute, 5 in all" in html
    assert 'href="/gateway"' in html
