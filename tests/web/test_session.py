"""Signing in and out, and who may open which page."""

import re

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mailing_app import access
from mailing_app.access import passwords
from mailing_app.db import db
from mailing_app.models import Role, SignIn
from mailing_app.web.session import local_path
from tests.conftest import PASSWORD, signed_in
from tests.web.pages import fields, press, submit

OPEN, VIEWER, OPERATOR, ADMIN = "open", Role.VIEWER, Role.OPERATOR, Role.ADMIN

POLICY = {
    "/login": OPEN,
    "/language": OPEN,
    "/logout": VIEWER,
    "/": VIEWER,
    "/live": VIEWER,
    "/clients": VIEWER,
    "/clients/export.csv": VIEWER,
    "/clients/new": OPERATOR,
    "/clients/import": OPERATOR,
    "/clients/opt-outs": VIEWER,
    "/clients/opt-outs/new": OPERATOR,
    "/clients/retag": OPERATOR,
    "/clients/delete": OPERATOR,
    "/clients/<id:client_id>": VIEWER,
    "/clients/<id:client_id>/left-out": VIEWER,
    "/clients/<id:client_id>/edit": OPERATOR,
    "/clients/<id:client_id>/opt-out": OPERATOR,
    "/clients/<id:client_id>/opt-in": OPERATOR,
    "/clients/imports": VIEWER,
    "/clients/imports/<id:import_id>": VIEWER,
    "/clients/imports/<id:import_id>/live": VIEWER,
    "/clients/imports/<id:import_id>/faulty": VIEWER,
    "/clients/imports/<id:import_id>/faulty.csv": VIEWER,
    "/clients/imports/<id:import_id>/columns": OPERATOR,
    "/clients/imports/<id:import_id>/store": OPERATOR,
    "/clients/imports/<id:import_id>/drop": OPERATOR,
    "/clients/<id:client_id>/delete": OPERATOR,
    "/search": VIEWER,
    "/mailings": VIEWER,
    "/mailings/new": OPERATOR,
    "/mailings/preview": OPERATOR,
    "/mailings/<id:mailing_id>/breakdown": VIEWER,
    "/mailings/<id:mailing_id>": VIEWER,
    "/mailings/<id:mailing_id>/live": VIEWER,
    "/mailings/<id:mailing_id>/report.csv": VIEWER,
    "/mailings/<id:mailing_id>/edit": OPERATOR,
    "/mailings/<id:mailing_id>/pause": OPERATOR,
    "/mailings/<id:mailing_id>/resume": OPERATOR,
    "/mailings/<id:mailing_id>/cancel": OPERATOR,
    "/mailings/<id:mailing_id>/send-uncertain": OPERATOR,
    "/mailings/<id:mailing_id>/delete": OPERATOR,
    "/mailings/<id:mailing_id>/copy": OPERATOR,
    "/mailings/<id:mailing_id>/remainder": OPERATOR,
    "/mailings/test": OPERATOR,
    "/mailings/drafts": VIEWER,
    "/mailings/drafts/<id:draft_id>/delete": OPERATOR,
    "/messages/<id:message_id>": VIEWER,
    "/gateway": VIEWER,
    "/gateway/live": VIEWER,
    "/gateway/stop": OPERATOR,
    "/gateway/go-on": OPERATOR,
    "/reports": VIEWER,
    "/reports/mailings.csv": VIEWER,
    "/operators": ADMIN,
    "/operators/new": ADMIN,
    "/operators/<id:operator_id>": ADMIN,
    "/operators/<id:operator_id>/password": ADMIN,
    "/operators/<id:operator_id>/deactivate": ADMIN,
    "/operators/<id:operator_id>/reactivate": ADMIN,
    "/operators/tokens/new": ADMIN,
    "/operators/tokens/<id:token_id>/revoke": ADMIN,
    "/audit": OPERATOR,
    "/profile": VIEWER,
    "/profile/password": VIEWER,
    "/healthz": OPEN,
    "/readyz": OPEN,
    "/metrics": OPEN,
}
"""Who may open each page: a new one is not finished before it stands here."""

NOT_OURS = ("/api", "/docs", "/apispec", "/static", "/bootstrap")


def test_every_page_has_a_policy(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if not rule.rule.startswith(NOT_OURS)}
    assert rules == set(POLICY)


def test_strangers_are_sent_to_the_login(visitor: FlaskClient, filled: None) -> None:
    for method, rule in requests_for([rule for rule, least in POLICY.items() if least != OPEN], visitor):
        answer = ask(visitor, method, rule)
        assert (answer.status_code, answer.location[:6]) == (302, "/login"), (method, rule)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_pages_and_no_others(app: Flask, filled: None, role: Role) -> None:
    browser = signed_in(app, role)
    for method, rule in requests_for([rule for rule in POLICY if rule != "/logout"], browser):
        may = POLICY[rule] == OPEN or list(Role).index(POLICY[rule]) <= list(Role).index(role)
        answer = ask(browser, method, rule)
        assert (answer.status_code != 403) is may, (method, rule)
        assert answer.status_code < 500, (method, rule)


def requests_for(rules: list[str], browser: FlaskClient) -> list[tuple[str, str]]:
    """Every method that these rules know, what only looks before what changes things."""
    known = [
        (method, each.rule)
        for each in browser.application.url_map.iter_rules()
        for method in each.methods
        if each.rule in rules and method in ("GET", "POST")
    ]
    return sorted(known)


def ask(browser: FlaskClient, method: str, rule: str) -> TestResponse:
    """A request as the rule wants it, with the token of the browser's forms and nothing filled in."""
    path = re.sub(r"<[^>]+>", "1", rule)
    token = fields(browser.get("/login").text, "csrf_token")
    return browser.open(path, method=method, data=token if method == "POST" else None)


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
