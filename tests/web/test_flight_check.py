"""The form of a mailing as a flight check: what the preview says, and what is asked once more."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from mailing_app import clock, mailings
from mailing_app.db import transaction
from mailing_app.models import Client
from tests.dispatch.test_storage import enrolled
from tests.factories import a_client, some_clients
from tests.mailings.test_preview import sent
from tests.web.pages import fields, submit
from tests.web.test_mailings import PLAN, begin

NIGHT = PLAN | {"starts_at": "2030-01-31T02:00", "window-from": "", "window-to": "", "filter-tags": ""}


def confirmation(html: str) -> str:
    """What the button of the box would send."""
    [value] = re.findall(r'name="confirmed" value="([0-9a-f ]+)"', html)
    return str(value)


@pytest.mark.parametrize(("language", "expected"), [
    ("en", ["2 clients", "1: opted out", "Yes: all 2 clients are reached", "the best minute of the last 24 hours",
            "Replace them and save 2 parts", "What +7 900", "1 of 2", "UCS-2", "U+00A0"]),
    ("ru", ["2 клиента", "1: отказались от рассылок", "Да: все 2 клиента получат его к",
            "лучшая минута за последние 24 часа", "Заменить и сберечь 2 части", "Что прочтёт +7 900",
            "1 из 2", "UCS-2", "U+00A0"]),
])  # fmt: skip
def test_the_preview_says_what_it_comes_to(operator: FlaskClient, language: str, expected: list[str]) -> None:
    away, *_ = some_clients(3, tag="vip")
    with transaction() as session:
        session.get_one(Client, away.id).opted_out_at = clock.now()
    sent(600, timedelta(hours=1))
    with operator.session_transaction() as session:
        session["language"] = language
    page = submit(operator, "/mailings/new", PLAN | {"text": "Hello\u00a0{tag}, " + "a" * 80, "check": "1"}).text
    assert [sentence for sentence in expected if sentence not in page] == []
    assert '<rect class="day" x="91" width="8" y="2.0" height="48.0">' in page


def test_the_preview_says_who_is_not_reached(operator: FlaskClient) -> None:
    some_clients(2, timezone="Asia/Vladivostok")
    a_client()
    plan = PLAN | {"starts_at": "2030-01-31T18:00", "ends_at": "2030-01-31T19:00", "filter-tags": "", "check": "1"}
    page = submit(operator, "/mailings/new", plan).text
    assert "2 in UTC+10: window and term do not overlap" in page
    assert "No rate is measured yet, so nobody can say." in page


def test_one_click_replaces_the_dear_characters_without_scripts(operator: FlaskClient) -> None:
    a_client(tag="vip")
    text = "“Hello” – " + "a" * 100
    page = submit(operator, "/mailings/new", PLAN | {"text": text, "plain": "1"})
    assert page.status_code == 200
    assert fields(page.text, "text")["text"] == '"Hello" - ' + "a" * 100
    assert "Replace them" not in page.text
    assert not mailings.listing().items


def test_a_doubt_is_asked_about_and_confirmed(operator: FlaskClient) -> None:
    a_client()
    asked = submit(operator, "/mailings/new", NIGHT)
    assert asked.status_code == 422
    assert "It is night for 1 client when the mailing starts (UTC+3)." in asked.text
    assert fields(asked.text, "text")["text"] == NIGHT["text"]
    assert not mailings.listing().items
    confirmed = NIGHT | {"confirmed": confirmation(asked.text)}
    again = submit(operator, "/mailings/new", confirmed | {"text": "{name}"})
    assert again.status_code == 422
    assert "{name}" in again.text
    assert "It is night" not in again.text
    assert submit(operator, "/mailings/new", confirmed).status_code == 302


def test_an_edit_is_asked_only_about_what_it_brings(operator: FlaskClient) -> None:
    submit(operator, "/mailings/new", PLAN | {"confirmed": confirmation(submit(operator, "/mailings/new", PLAN).text)})
    assert submit(operator, "/mailings/1/edit", {"name": "Nobody yet"}).status_code == 302
    asked = submit(operator, "/mailings/1/edit", {"text": "{name}"})
    assert asked.status_code == 422
    assert "Save it all the same" in asked.text
    begin(1)
    assert submit(operator, "/mailings/1/edit", {"name": "Under way"}).status_code == 302


def test_a_message_shows_what_its_client_reads(operator: FlaskClient) -> None:
    a_client(tag="<b>Ann</b>")
    enrolled(text="Hello, {tag}!")
    assert "Hello, &lt;b&gt;Ann&lt;/b&gt;!" in operator.get("/messages/1").text
