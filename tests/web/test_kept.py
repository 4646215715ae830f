"""What becomes of a form whose sender was signed out: the login, and then the form as it was."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mailing_app import clients, mailings
from mailing_app.db import db
from mailing_app.forms import Form
from mailing_app.forms.access import PasswordInput
from mailing_app.forms.base import inputs
from mailing_app.models import Draft
from mailing_app.web import kept
from tests.conftest import PASSWORD
from tests.factories import a_client, a_mailing
from tests.web.pages import fields, press, send, submit
from tests.web.things import HOSTILE

TYPED = {"name": "Autumn", "text": f"One\r\ntwo {HOSTILE}", "starts_at": "soon", "filter-tags": "vip,, new"}
NOTE = "You were signed out; what you had typed is still here."


def typed_while_signed_out(browser: FlaskClient, path: str, changed: dict[str, str], **given: str) -> TestResponse:
    """The form is filled in, and sent after the sign-in is over."""
    sent = fields(browser.get(path).text, next(iter(changed))) | changed
    press(browser, "/logout")
    return browser.post(path, data=sent, headers=given)


def signed_in_again(browser: FlaskClient, login: TestResponse, password: str = PASSWORD) -> TestResponse:
    form = fields(login.text, "password")
    action = unescape(login.text.split('<form method="post" action="')[1].split('"')[0])
    return browser.post(action, data=form | {"name": "operator", "password": password})


def test_after_the_login_the_form_is_there_as_it_was(operator: FlaskClient) -> None:
    login = typed_while_signed_out(operator, "/mailings/new", TYPED)
    assert login.status_code == 401
    assert "Nothing you typed is lost" in login.text
    assert HOSTILE not in login.text
    answer = signed_in_again(operator, login)
    assert (answer.status_code, answer.location) == (303, "/mailings/new?draft=1")
    for _ in range(2):  # also when the page is loaded again
        page = operator.get(answer.location).text
        assert NOTE in page
        assert HOSTILE not in page
        kept = fields(page, "text")
        assert {name: kept[name] for name in TYPED} == TYPED
    assert mailings.listing().items == []
    term = {"starts_at": "2030-01-31T09:00", "ends_at": "2030-02-01T09:00"}
    assert send(operator, answer.location, kept | term).status_code == 302
    assert mailings.get(1).name == "Autumn"
    assert Draft.query.count() == 0
    gone = operator.get(answer.location)
    assert (gone.status_code, gone.location) == (302, "/mailings/new")
    assert "it was sent, or deleted" in operator.get(gone.location).text


def test_a_wrong_password_loses_nothing_either(operator: FlaskClient) -> None:
    login = typed_while_signed_out(operator, "/mailings/new", TYPED)
    again = operator.post("/login?next=/mailings/new", data=fields(login.text, "password") | {"name": "operator"})
    assert again.status_code == 422
    carried = fields(again.text, "password")
    assert carried["typed:name"] == "Autumn"
    answer = operator.post("/login?next=/mailings/new", data=carried | {"name": "operator", "password": PASSWORD})
    assert answer.location == "/mailings/new?draft=1"


def test_every_form_has_it_and_the_version_that_was_seen(operator: FlaskClient) -> None:
    a_client(tag="old")
    login = typed_while_signed_out(operator, "/clients/1/edit", {"tag": "typed"})
    clients.change(1, tag="theirs")
    page = signed_in_again(operator, login).location
    answer = submit(operator, page, {}, having="tag")
    assert answer.status_code == 409
    assert "Stored now:" in answer.text
    assert fields(answer.text, "tag")["tag"] == "typed"


def test_it_is_for_nobody_else(app: Flask, operator: FlaskClient, admin: FlaskClient) -> None:
    page = signed_in_again(operator, typed_while_signed_out(operator, "/mailings/new", TYPED)).location
    for browser, path in ((admin, page), (operator, "/clients/new?draft=1")):
        assert browser.get(path).status_code == 302
        assert "Autumn" not in browser.get(path, follow_redirects=True).text
    for nonsense in ("0", "x", "9" * 30):
        assert operator.get(f"/mailings/new?draft={nonsense}").status_code == 200


def test_passwords_files_and_tokens_are_never_kept(admin: FlaskClient) -> None:
    sent = fields(admin.get("/operators/new").text, "password") | {"name": "anna", "password": "a secret of hers"}
    press(admin, "/logout")
    login = admin.post("/operators/new", data=sent)
    assert "Only files and passwords cannot be kept" in login.text
    assert "a secret of hers" not in login.text
    assert "typed:csrf_token" not in login.text
    assert "typed:name" in login.text


def test_the_present_password_is_neither_shown_nor_kept(operator: FlaskClient) -> None:
    typed = {"present": PASSWORD, "password": "some words of a new one"}
    login = typed_while_signed_out(operator, "/profile/password", typed)
    assert not any(secret in login.text for secret in typed.values())


def test_no_form_has_a_password_that_would_be_kept() -> None:
    names = {name for form in subclasses(Form) for name, field in inputs(form.blank()) if is_password(field)}
    assert names == {"password", "present"}
    assert all(kept.SECRET.fullmatch(name) for name in names)


def is_password(field: Any) -> bool:
    return isinstance(field, PasswordInput)


def subclasses(form: type[Form]) -> Iterator[type[Form]]:
    for each in form.__subclasses__():
        yield each
        yield from subclasses(each)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://[", "localhost"])
def test_what_another_page_sends_in_his_name_is_not_kept(operator: FlaskClient, origin: str) -> None:
    answer = typed_while_signed_out(operator, "/mailings/new", TYPED, Origin=origin)
    assert (answer.status_code, answer.location) == (302, "/login?next=/mailings/new")


def test_our_own_pages_say_where_they_come_from(operator: FlaskClient) -> None:
    assert typed_while_signed_out(operator, "/mailings/new", TYPED, Origin="http://localhost").status_code == 401


def test_where_no_form_is_the_login_comes_alone(operator: FlaskClient) -> None:
    a_mailing()
    press(operator, "/logout")
    for path in ("/mailings/1/cancel", "/mailings/1/resume", "/clients/new"):
        assert operator.post(path, data={"csrf_token": "x", "tag": " "}).status_code == 302


def test_strangers_bring_no_more_than_a_form_may_hold(operator: FlaskClient) -> None:
    press(operator, "/logout")
    assert operator.post("/clients/import", data={"tag": "x" * 2**21}).status_code == 302


def test_a_stranger_gets_no_page_of_a_hundred_thousand_fields(visitor: FlaskClient) -> None:
    many = {"data": "a=1&" * 100_000, "content_type": "application/x-www-form-urlencoded"}
    assert visitor.post("/clients/new", **many).status_code == 302
    carried = {"csrf_token": fields(visitor.get("/login").text, "password")["csrf_token"]}
    carried |= {f"typed:{number}": "x" for number in range(kept.MOST_FIELDS + 1)}
    assert "typed:" not in visitor.post("/login", data=carried | {"name": "x", "password": "x"}).text


def test_a_forged_form_takes_nothing_away_that_waits(operator: FlaskClient) -> None:
    page = signed_in_again(operator, typed_while_signed_out(operator, "/mailings/new", TYPED)).location
    assert operator.post(page, data=TYPED).status_code == 400
    assert fields(operator.get(page).text, "text")["name"] == "Autumn"


def test_a_forged_form_of_somebody_signed_in_gets_what_it_always_got(operator: FlaskClient) -> None:
    assert operator.post("/mailings/new", data=TYPED).status_code == 400
    db.session.commit()
    assert Draft.query.count() == 0
