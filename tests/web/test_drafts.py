"""Drafts in the pages, and forms that are sent twice."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import drafts, mailings
from mailing_app.models import Role
from tests.conftest import signed_in
from tests.web.pages import fields, press, send, submit
from tests.web.things import HOSTILE

HALF = {"name": "Autumn", "text": HOSTILE, "starts_at": "soon", "filter-timezones": "Mars", "keep": "1"}
WHOLE = {"starts_at": "2030-01-31T09:00", "ends_at": "2030-01-31T18:00", "filter-timezones": ""}


def kept(browser: FlaskClient) -> str:
    """A draft of a mailing; the address of its form."""
    answer = submit(browser, "/mailings/new", HALF)
    assert (answer.status_code, answer.location) == (302, "/mailings/drafts")
    return f"/mailings/new?draft={drafts.listing().items[0].id}"


def test_a_version_that_no_table_holds_is_none(operator: FlaskClient) -> None:
    page = kept(operator)
    again = submit(operator, page, HALF | {"name": "Winter", "version": "9" * 30})
    assert (again.status_code, again.location) == (302, "/mailings/drafts")


@pytest.mark.parametrize(("language", "told"), [("en", "The draft is kept."), ("ru", "Черновик сохранён.")])
def test_a_draft_keeps_what_was_typed_and_shows_it_to_all(
    app: Flask, operator: FlaskClient, language: str, told: str
) -> None:
    with operator.session_transaction() as session:
        session["language"] = language
    page = kept(operator)
    listed = operator.get("/mailings/drafts").text
    assert told in listed
    assert page in listed
    assert ">operator<" in listed
    shown = signed_in(app, Role.ADMIN).get(page).text
    assert HOSTILE not in shown
    form = fields(shown, "text")
    assert {name: form[name] for name in HALF if name not in ("text", "keep")} == {
        name: text for name, text in HALF.items() if name not in ("text", "keep")
    }
    assert mailings.listing().items == []
    viewer = signed_in(app, Role.VIEWER)
    assert page not in viewer.get("/mailings/drafts").text
    assert viewer.get(page).status_code == 403


def test_saving_again_changes_it_and_scheduling_plans_the_mailing(operator: FlaskClient) -> None:
    page = kept(operator)
    assert submit(operator, page, {"name": "Winter", "keep": "1"}).location == "/mailings/drafts"
    assert [draft.name for draft in drafts.listing().items] == ["Winter"]
    assert submit(operator, page, {"text": ""} | WHOLE).status_code == 422
    assert len(drafts.listing().items) == 1
    form = fields(operator.get(page).text, "text") | WHOLE
    for told in ("The mailing is planned.", "It is planned already"):
        assert send(operator, page, form).location == "/mailings/1"
        assert told in operator.get("/mailings/1").text
    assert drafts.listing().items == []
    assert operator.get(page).status_code == 302


def test_two_who_finish_one_draft(app: Flask, operator: FlaskClient) -> None:
    page, other = kept(operator), signed_in(app, Role.ADMIN)
    mine = fields(operator.get(page).text, "text") | {"name": "Mine", "keep": "1"}
    submit(other, page, {"name": "Theirs", "keep": "1"})
    answer = operator.post(page, data=mine)
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile." in answer.text
    again = fields(answer.text, "text")
    assert again["name"] == "Mine"
    assert operator.post(page, data=again | {"keep": "1"}).status_code == 302
    assert [draft.name for draft in drafts.listing().items] == ["Mine"]


def test_deleting_a_draft_asks_first(operator: FlaskClient) -> None:
    kept(operator)
    path = f"/mailings/drafts/{drafts.listing().items[0].id}/delete"
    assert "Delete “Autumn” for good?" in operator.get(path).text
    press(operator, path)
    assert drafts.listing().items == []
    assert operator.get(path).status_code == 404


def test_a_double_click_and_going_back_make_one_mailing(operator: FlaskClient) -> None:
    form = fields(operator.get("/mailings/new").text, "text") | WHOLE | {"text": "Hello!"}
    for told in ("The mailing is planned.", "It is planned already", "It is planned already"):
        assert send(operator, "/mailings/new", form).location == "/mailings/1"
        assert told in operator.get("/mailings/1").text
    assert len(mailings.listing().items) == 1
    assert submit(operator, "/mailings/new", {"text": "Hello!"} | WHOLE, insist=True).location not in (
        None,
        "/mailings/1",
    )


@pytest.mark.parametrize("mark", ["", "x", "A" * 32, "0" * 33, "\x00" * 32])
def test_a_senseless_mark_is_none(operator: FlaskClient, mark: str) -> None:
    for number in (1, 2):
        answer = submit(operator, "/mailings/new", WHOLE | {"text": "Hello!", "form_key": mark}, insist=True)
        assert answer.location == f"/mailings/{number}"
