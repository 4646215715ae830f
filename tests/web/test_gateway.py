"""What the pages say of the sending, and the buttons that stop it and let it go on."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clock, holds, status
from mailing_app.db import transaction
from mailing_app.models import Dispatcher, GatewayState, Hold
from mailing_app.web import display
from tests.dispatch.test_storage import claim, enrolled
from tests.factories import a_mailing, some_clients
from tests.web.pages import faults, fields, submit

PLACES = ("/", "/mailings/1")
STOPPED, HELD = "An operator stopped all sending.", "Sending is on hold."
EVERY_MINUTE = "One message a minute tries whether it is over"
ALONE, FAILS = "The gateway asked to be left alone until", "The gateway fails;"
FLAPS, SLOW = "The gateway fails often", "The gateway is slow: 4 of 64"


def hold() -> Hold | None:
    state = status.standing(clock.now()).gateway
    return state.hold if state else None


def held(kind: Hold, **told: Any) -> datetime:
    """A running mailing, and a gateway on hold since this moment."""
    now = clock.now()
    a_mailing()
    with transaction() as session:
        session.add(GatewayState(id=holds.ONLY, hold=kind, held_at=now, **told))
    return now


def a_dispatcher(**given: Any) -> None:
    """One that lives, with 64 seats."""
    now = clock.now()
    plain = {"host": "a", "pid": 1, "process_began": "", "started_at": now, "beat_at": now, "seats": 64, "allowed": 64}
    with transaction() as session:
        session.add(Dispatcher(**plain | given))


def go_on(browser: FlaskClient, place: str) -> Any:
    """Press the button as it stands in the live part: its form stands outside, and names the page."""
    page = browser.get(place).text
    assert 'form="controls" formaction="/gateway/go-on"' in page
    return browser.post("/gateway/go-on", data=fields(page, "next"))


@pytest.mark.parametrize(("number", "told"), [
    (0, "All sending is stopped. Nothing was on its way."),
    (1, "All sending is stopped. 1 request was on its way;"),
    (12, "All sending is stopped. 12 requests were on their way;"),
])  # fmt: skip
def test_stopping_tells_what_was_on_its_way(operator: FlaskClient, number: int, told: str) -> None:
    some_clients(number)
    enrolled()
    assert len(claim(20)) == number
    submit(operator, "/gateway/stop", {"reason": ""})
    assert told in operator.get("/").text


def test_an_operator_stops_all_sending_after_asking_and_lets_it_go_on(operator: FlaskClient) -> None:
    a_mailing()
    a_dispatcher()
    assert "/gateway/stop" in operator.get("/").text
    assert operator.get("/gateway/stop").status_code == 200
    assert hold() is None
    assert submit(operator, "/gateway/stop", {"reason": "legal looks at it"}).location == "/"
    assert hold() is Hold.OPERATOR
    for place in PLACES:
        page = operator.get(place).text
        assert STOPPED in page
        assert "Reason: legal looks at it" in page
        assert EVERY_MINUTE not in page
    assert "/gateway/stop" not in operator.get("/").text
    assert go_on(operator, "/mailings/1").location == "/mailings/1"
    assert hold() is None
    assert STOPPED not in operator.get("/mailings/1").text


@pytest.mark.parametrize("kind", [Hold.TOKEN_REFUSED, Hold.WRONG_ADDRESS, Hold.SUSPECT])
def test_a_hold_says_why_since_when_what_was_told_and_what_happens_next(operator: FlaskClient, kind: Hold) -> None:
    next_try = clock.now() + timedelta(seconds=50)
    since = held(kind, detail="HTTP 401 who are you?", probe_at=next_try)
    for place in PLACES:
        page = operator.get(place).text
        for words in (
            HELD, EVERY_MINUTE, "The gateway told: HTTP 401 who are you?",
            f"Since {display.with_seconds(since)}.", f"Next try at {display.with_seconds(next_try)}.",
        ):  # fmt: skip
            assert words in page
    assert "/gateway/stop" in operator.get("/").text
    assert go_on(operator, "/").location == "/"
    assert hold() is None


def test_a_try_that_should_have_been_is_not_announced(operator: FlaskClient) -> None:
    held(Hold.SUSPECT, probe_at=clock.now() - timedelta(seconds=1))
    assert "Next try" not in operator.get("/").text


def test_a_viewer_reads_why_but_finds_no_button(app: Flask, viewer: FlaskClient) -> None:
    held(Hold.TOKEN_REFUSED)
    for place in PLACES:
        page = viewer.get(place).text
        assert HELD in page
        assert "/gateway/" not in page
    token = fields(viewer.get("/").text, "csrf_token")
    for path in ("/gateway/stop", "/gateway/go-on"):
        assert viewer.post(path, data=token).status_code == 403
    assert hold() is Hold.TOKEN_REFUSED


@pytest.mark.parametrize("reason", ["x" * 201, "a\x00b", "two\nlines"])
def test_a_reason_that_is_none_is_told_and_nothing_is_stopped(operator: FlaskClient, reason: str) -> None:
    answer = submit(operator, "/gateway/stop", {"reason": reason})
    assert answer.status_code == 422
    assert len(list(faults(answer.text))) == 1
    assert hold() is None


def test_nobody_is_sent_elsewhere_by_the_button(operator: FlaskClient) -> None:
    form = fields(operator.get("/").text, "next") | {"next": "https://evil.example/"}
    assert operator.post("/gateway/go-on", data=form).location == "/"


@pytest.mark.parametrize(("given", "told"), [
    ({}, []),
    ({"breaker": "open"}, [FAILS]),
    ({"breaker": "half_open"}, [FAILS]),
    ({"flapping": True}, [FLAPS]),
    ({"allowed": 4, "in_flight": 4}, [SLOW]),
    ({"allowed": 4, "in_flight": 3}, []),
    ({"allowed": 0, "in_flight": 0}, []),
    ({"breaker": "open", "beat_at": datetime.fromisoformat("2026-01-01T00:00:00Z")}, ["No dispatcher is alive"]),
])  # fmt: skip
def test_what_a_living_dispatcher_meets_is_told_in_plain_words(
    operator: FlaskClient, given: dict[str, Any], told: list[str]
) -> None:
    a_mailing()
    a_dispatcher(**given)
    for place in PLACES:
        page = operator.get(place).text
        assert [words for words in (HELD, ALONE, FAILS, FLAPS, SLOW, "No dispatcher is alive") if words in page] == told


def test_a_wait_is_told_while_it_lasts(operator: FlaskClient) -> None:
    a_dispatcher()
    until = clock.now() + timedelta(minutes=1)
    with transaction() as session:
        session.add(GatewayState(id=holds.ONLY, wait_until=until))
    assert f"{ALONE} {display.with_seconds(until)}" in operator.get("/").text
    with transaction() as session:
        session.get_one(GatewayState, holds.ONLY).wait_until = clock.now()
    assert ALONE not in operator.get("/").text


def test_the_dashboard_tells_the_gateway_in_short_and_its_page_the_rest(operator: FlaskClient) -> None:
    a_dispatcher(in_flight=3, allowed=8)
    a_dispatcher(in_flight=2, allowed=64, breaker="half_open")
    assert "Failing: it is left alone for a few seconds at a time" in operator.get("/").text
    page = operator.get("/gateway").text
    assert "5, at most 72 just now, of 128 seats" in page
    assert "half open: one message tries" in page
