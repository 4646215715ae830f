"""The page of the audit trail."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from mailing_app import access, audit, clients, clock, holds, mailings, words
from mailing_app.models import Action, ActorKind, Role
from tests.factories import a_client, a_mailing, an_operator


def rows(page: str) -> list[str]:
    """What each row of the table says."""
    table = page.partition("<tbody>")[2].partition("</tbody>")[0]
    found = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in found]


@pytest.fixture
def trail(admin: FlaskClient) -> None:
    """Mailing 1 changed by an operator, client 1 by a program, sending stopped by the service."""
    audit.act_as(ActorKind.OPERATOR, "Anna")
    a_mailing(name="Autumn")
    mailings.change(1, name="Winter", text="x" * 200, ends_at=clock.now() + timedelta(days=9))
    audit.act_as(ActorKind.TOKEN, "shop")
    a_client()
    clients.change(1, tag="vip")
    audit.act_as(ActorKind.SERVICE, "")
    holds.stop("legal <b>")


@pytest.mark.parametrize(("asked", "found"), [
    ("actor=Anna", ["Changed a mailing", "Planned a mailing"]),
    ("actor_kind=token", ["Changed a client", "Added a client"]),
    ("action=sending_stopped", ["Stopped all sending"]),
    ("mailing_id=1", ["Changed a mailing", "Planned a mailing"]),
    ("client_id=1&action=client_added", ["Added a client"]),
    ("since=2020-01-01&until=2020-01-31", []),
    ("since=2020-01-01&until=2090-01-31&actor_kind=service&limit=1", ["Stopped all sending"]),
])  # fmt: skip
def test_it_is_filtered_newest_first(admin: FlaskClient, trail: None, asked: str, found: list[str]) -> None:
    told = rows(admin.get(f"/audit?{asked}").text)
    assert len(told) == len(found)
    assert all(words in row for words, row in zip(found, told, strict=True))


def test_a_change_is_told_with_what_was_and_what_is(admin: FlaskClient, trail: None) -> None:
    page = admin.get("/audit?action=mailing_changed").text
    assert "Name: Autumn → Winter" in " ".join(page.split())
    assert "<summary>" in page
    assert "x" * 200 in page
    assert 'href="/mailings/1">Winter</a>' in page
    assert "legal &lt;b&gt;" in admin.get("/audit").text
    assert "Changed: Tag" in " ".join(admin.get("/audit?client_id=1").text.split())


def test_what_is_gone_is_named_without_a_link(admin: FlaskClient, trail: None) -> None:
    mailings.delete(1)
    clients.erase(1)
    page = admin.get("/audit").text
    assert 'href="/mailings/1"' not in page
    assert "Mailing 1" in page
    assert 'href="/clients/1"' not in page


def test_it_goes_on_behind_the_first_page(admin: FlaskClient, trail: None) -> None:
    first = admin.get("/audit?limit=2").text
    link = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    assert len(rows(first)) == len(rows(admin.get(link).text)) == 2


def test_only_admins_are_led_to_operators(operator: FlaskClient) -> None:
    anna = an_operator("Anna", Role.VIEWER)
    access.deactivate(anna)
    page = operator.get("/audit").text
    assert "Deactivated an operator <br>Anna" in " ".join(page.split())
    assert f"/operators/{anna}" not in page


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_action_has_words(admin: FlaskClient, language: str) -> None:
    with admin.session_transaction() as session:
        session["language"] = language
    page = admin.get("/audit").text
    options = re.findall(r'<option value="(\w+)">([^<]+)</option>', page)
    assert {value for value, text in options if value != text} >= set(Action)
    assert words.action("of_a_later_version") == "of_a_later_version"


def test_the_page_of_a_mailing_leads_to_its_history(operator: FlaskClient, viewer: FlaskClient) -> None:
    a_mailing()
    assert 'href="/audit?mailing_id=1"' in operator.get("/mailings/1").text
    assert "/audit" not in viewer.get("/mailings/1").text
