"""Signing in and out. Who may open which page: tests/test_policy.py."""

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import access
from mailing_app.access import passwords
from mailing_app.db import db
from mailing_app.models import Role, SignIn
from mailing_app.web.session import local_path
from tests.conftest import PASSWORD
from tests.web.pages import fields, press, submit


def test_signing_in_leads_to_the_page_that_was_wanted(visitor: FlaskClient, operator: FlaskClient) -> None:
    login = visitor.get("/clients?tag=vip").location
    answer = submit(visitor, login, {"name": "operator", "password": PASSWORD})
    assert (answer.status_code, answer.location) == (302, "/clients?tag=vip")
    assert visitor.get("/clients").status_code == 200


@pytest.mark.parametrize(("name", "password"), [("nobody", PASSWORD), ("operator", "a wrong password")])
def test_unknown_name_and_wrong_password_are_told_alike(
    visitor: FlaskClient, operator: FlaskClient, name: str, password: str
) -> None:
    answer = submit(visitor, "/login", {"name": name, "password": password})
    assert answer.status_code == 409
    assert "Name or password is wrong." in answer.text
    assert f'value="{name}"' in answer.text
    assert password not in answer.text


def test_a_password_is_as_dear_to_guess_as_rfc_9106_advises(
    visitor: FlaskClient, hasher_in_earnest: PasswordHasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "_hasher", hasher_in_earnest)
    operator = access.add_operator("operator", PASSWORD, Role.OPERATOR)
    assert operator.password_hash.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert submit(visitor, "/login", {"name": "operator", "password": "a wrong password"}).status_code == 409
    assert submit(visitor, "/login", {"name": "operator", "password": PASSWORD}).status_code == 302


def test_the_session_begins_anew_at_the_login(visitor: FlaskClient, operator: FlaskClient) -> None:
    with visitor.session_transaction() as planted:
        planted["planted"] = "before"
    submit(visitor, "/login", {"name": "operator", "password": PASSWORD})
    with visitor.session_transaction() as session:
        assert "planted" not in session


def test_signing_out_ends_the_sign_in_itself(operator: FlaskClient) -> None:
    with operator.session_transaction() as session:
        kept = session["sign_in"]
    assert press(operator, "/logout").location == "/login"
    with operator.session_transaction() as session:
        session["sign_in"] = kept
    assert operator.get("/").location.startswith("/login")
    assert db.session.query(SignIn).count() == 0


@pytest.mark.parametrize(
    "text", ["https://evil.example/", "//evil.example", "/\\evil.example", "", "/\n/evil.example", "x"]
)
def test_nobody_is_sent_elsewhere_after_the_login(app: Flask, text: str) -> None:
    with app.test_request_context():
        assert local_path(text) == "/"


def test_a_path_of_ours_is_kept(app: Flask) -> None:
    with app.test_request_context():
        assert local_path("/mailings/1?status=sent") == "/mailings/1?status=sent"


@pytest.mark.parametrize(
    "path", ["/clients/new", "/mailings/new", "/mailings/1/resume", "/logout", "/language", "/gateway/stop"]
)
def test_a_forged_form_is_refused(operator: FlaskClient, filled: None, path: str) -> None:
    answer = operator.post(path, data={"phone": "79001234567", "language": "ru"})
    assert answer.status_code == 400
    assert "load the page again" in answer.text


def test_the_language_is_switched_and_remembered(operator: FlaskClient) -> None:
    form = fields(operator.get("/clients").text, "next")
    assert operator.post("/language", data=form | {"language": "ru"}).location.startswith("/clients")
    page = operator.get("/clients").text
    assert '<html lang="ru">' in page
    assert "Клиенты" in page


def test_a_stranger_may_switch_the_language_too(visitor: FlaskClient) -> None:
    form = fields(visitor.get("/login").text, "next")
    visitor.post("/language", data=form | {"language": "ru"})
    assert "Войти" in visitor.get("/login").text
