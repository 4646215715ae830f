"""The page of the uncertain messages: what is known of each, who asked, and what may be done."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from mailing_app import clock, mailings
from mailing_app.db import db
from mailing_app.dispatch import gate
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.inquire import Inquirer
from mailing_app.models import Mailing
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import figures
from tests.mailings.test_uncertain import in_doubt, messages
from tests.web.pages import fields


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway has an answer to such questions."""
    monkeypatch.setattr(Settings, "looks_up", True)


def page(browser: FlaskClient, mailing: Mailing) -> str:
    return browser.get(f"/mailings/{mailing.id}/uncertain").text


def tell(gateway: PracticeGateway) -> None:
    """Have the open questions asked."""
    gate.Gate(gate.fingerprint(gateway.url, "")).prepare(clock.now())
    Inquirer(Address(gateway.url, "", 5, 5), {}, None).work(lambda: False)
    db.session.expire_all()  # the pages share the session of this test, which may hold what they showed before


def test_where_there_is_no_lookup_the_page_says_what_else_can_be_done(app: Flask, operator: FlaskClient) -> None:
    mailing = in_doubt(2)
    shown = page(operator, mailing)
    assert "offers no way to ask" in shown
    assert "Ask the gateway" not in shown
    assert f'href="/mailings/{mailing.id}/send-uncertain"' in shown
    sent = fields(operator.get("/profile").text, "csrf_token")
    refused = operator.post(f"/mailings/{mailing.id}/uncertain/ask", data=sent | {"all": "1"}, follow_redirects=True)
    assert "offers no way to ask" in refused.text
    assert mailings.standing(mailing.id).asked == 0


@pytest.mark.usefixtures("offered")
def test_who_asks_stands_beside_what_the_gateway_says(app: Flask, operator: FlaskClient) -> None:
    mailing = in_doubt(2)
    first, second = messages(mailing)
    form = fields(page(operator, mailing), "message_id")
    for _ in range(2):
        operator.post(f"/mailings/{mailing.id}/uncertain/ask", data=form | {"message_id": str(first.id)})
    assert mailings.standing(mailing.id).asked == 1
    shown = page(operator, mailing)
    assert shown.count("Is being asked") == 1
    assert "asked by operator" in shown
    with PracticeGateway() as gateway:
        tell(gateway)
    shown = page(operator, mailing)
    assert shown.count("It never came") == 1
    assert "It never came" in operator.get(f"/messages/{first.id}").text
    assert "It never came" not in operator.get(f"/messages/{second.id}").text


@pytest.mark.usefixtures("offered")
def test_exactly_those_that_never_came_are_sent_again(app: Flask, operator: FlaskClient) -> None:
    mailing = in_doubt(3)
    mailings.ask(mailing.id, [messages(mailing)[0].id])
    with PracticeGateway() as gateway:
        tell(gateway)
    address = f"/mailings/{mailing.id}/send-uncertain?word=never_came"
    assert address in page(operator, mailing)
    asking = operator.get(address).text
    assert "Send 1 uncertain message again?" in asking
    for _ in range(2):
        operator.post(address, data=fields(asking, "csrf_token"))
    assert figures(mailing) == {"pending": 1, "uncertain": 2}
