"""The door as a browser meets it: throttled, with guarded cookies, behind proxies, and told in the log."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from config import Settings
from mailing_app import access, clock
from mailing_app.access import throttle
from mailing_app.app import create_app
from mailing_app.db import db
from mailing_app.models import Role, Scope
from tests.conftest import signed_in, with_token
from tests.factories import PASSWORD, an_operator
from tests.web.pages import fields, press, submit

NEW_PASSWORD = "staple of green ideas"
FREE = throttle.FREE["name"]


def sign_in(browser: FlaskClient, name: str = "Anna", password: str = PASSWORD, **given: Any) -> TestResponse:
    token = fields(browser.get("/login", **given).text, "password")
    return browser.post("/login", data=token | {"name": name, "password": password}, **given)


@pytest.fixture
def exposed(settings: Settings) -> Any:
    """Makes the application as it would be with other settings, on the same database: another process."""
    made: list[Flask] = []

    def make(**given: Any) -> Flask:
        made.append(create_app(settings.model_copy(update=given)))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize("name", ["Anna", "nobody"])
def test_who_has_to_wait_is_told_how_long_in_every_language(app: Flask, visitor: FlaskClient, name: str) -> None:
    an_operator("Anna")
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _ in range(FREE + 1):
            assert sign_in(visitor, name, "a wrong password").status_code == 409
        answer = sign_in(visitor, name)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "15")
        assert "Too many attempts have failed. Try again in 15 s." in answer.text
        assert PASSWORD not in answer.text
        visitor.post("/language", data=fields(visitor.get("/login").text, "next") | {"language": "ru"})
        assert "Попробуйте снова через 15 с." in sign_in(visitor, name).text
        traveller.shift(timedelta(seconds=15))
        assert sign_in(visitor, name).status_code == (302 if name == "Anna" else 409)


def test_a_browser_that_came_in_once_comes_in_while_strangers_guess(app: Flask, visitor: FlaskClient) -> None:
    an_operator("Anna")
    assert sign_in(visitor).status_code == 302
    mark = visitor.get_cookie("mailing_device")
    assert (mark.http_only, mark.same_site, mark.path, "Anna" in mark.value) == (True, "Lax", "/", False)
    press(visitor, "/logout")
    stranger = app.test_client()
    while sign_in(stranger, password="a wrong password").status_code == 409:
        pass
    assert sign_in(app.test_client()).status_code == 429
    assert sign_in(visitor).status_code == 302
    assert visitor.get_cookie("mailing_device").value == mark.value


def test_while_nothing_can_be_counted_nothing_is_judged(
    app: Flask, visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_operator("Anna")

    def busy(*given: Any) -> None:
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(throttle, "transaction", busy)
    for password in (PASSWORD, "a wrong password"):
        answer = sign_in(visitor, password=password)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(("proxies", "sent", "heard"), [
    (0, "203.0.113.9", "127.0.0.1"),
    (1, "203.0.113.9", "203.0.113.9"),
    (1, "192.0.2.66, 203.0.113.9", "203.0.113.9"),
    (2, "192.0.2.66, 203.0.113.9, 198.51.100.1", "203.0.113.9"),
])  # fmt: skip
def test_an_address_is_believed_of_as_many_proxies_as_there_are(
    app: Flask, exposed: Callable[..., Flask], caplog: pytest.LogCaptureFixture, proxies: int, sent: str, heard: str
) -> None:
    browser = exposed(trusted_proxies=proxies).test_client()
    sign_in(browser, password="a wrong password", headers={"X-Forwarded-For": sent})
    assert [record.address for record in caplog.records if record.message == "sign-in failed"] == [heard]


def test_forged_addresses_do_not_help_to_guess(app: Flask, visitor: FlaskClient) -> None:
    for number in range(throttle.FREE["address"] + 1):
        forged = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        assert sign_in(visitor, f"name {number}", headers=forged).status_code == 409
    assert sign_in(visitor, "another name").status_code == 429


def test_cookies_of_production_are_for_this_host_over_https_only(app: Flask, exposed: Callable[..., Flask]) -> None:
    an_operator("Anna")
    browser = exposed(mode="production").test_client()
    over_https = {"base_url": "https://localhost"}
    page = browser.get("/login", **over_https)
    form = fields(page.text, "password") | {"name": "Anna", "password": PASSWORD}
    answer = browser.post("/login", data=form, headers={"Referer": "https://localhost/login"}, **over_https)
    told = {each.split("=")[0]: each for each in answer.headers.getlist("Set-Cookie")}
    assert sorted(told) == ["__Host-mailing_device", "__Host-mailing_session"]
    for cookie in told.values():
        attributes = set(cookie.split("; ")[1:])
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= attributes
        assert not any(each.startswith("Domain") for each in attributes)
    assert "Max-Age" not in told["__Host-mailing_session"]
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert browser.get("/", **over_https).status_code == 200


def test_a_sign_in_ends_after_half_an_hour_of_silence_and_after_twelve_hours(app: Flask) -> None:
    an_operator("Anna")
    with time_machine.travel(clock.now(), tick=False) as traveller:
        idle, busy = app.test_client(), app.test_client()
        for browser in (idle, busy):
            assert sign_in(browser).status_code == 302
        for _ in range(12 * 60 // 29):
            assert busy.get("/profile").status_code == 200
            traveller.shift(timedelta(minutes=29))
        assert idle.get("/profile").location.startswith("/login")
        assert busy.get("/profile").status_code == 200
        traveller.shift(timedelta(minutes=28))
        assert busy.get("/profile").location.startswith("/login")


@pytest.mark.parametrize("end", [
    lambda id_, _: access.set_password(id_, NEW_PASSWORD),
    lambda id_, _: access.deactivate(id_),
    lambda _id, _: access.change_own_password(access.sign_in("Anna", PASSWORD), PASSWORD, NEW_PASSWORD),
    lambda id_, _: access.end_sign_ins(id_, ""),
    lambda _, secret: access.sign_out(secret),
])  # fmt: skip
def test_a_sign_in_that_was_ended_is_over_in_every_process_at_once(
    app: Flask, exposed: Callable[..., Flask], end: Callable[[int, str], Any]
) -> None:
    anna, browser = an_operator("Anna"), exposed().test_client()
    sign_in(browser)
    with browser.session_transaction() as session:
        secret = session["sign_in"]
    assert browser.get("/profile").status_code == 200
    end(anna, secret)
    assert browser.get("/profile").location.startswith("/login")


def test_another_role_holds_in_every_process_at_once(app: Flask, exposed: Callable[..., Flask]) -> None:
    anna, browser = an_operator("Anna", Role.ADMIN), exposed().test_client()
    an_operator("admin", Role.ADMIN)
    sign_in(browser)
    assert browser.get("/operators").status_code == 200
    access.change_operator(anna, "Anna", Role.VIEWER)
    assert browser.get("/operators").status_code == 403


def test_each_sign_in_has_a_secret_of_its_own_that_no_visitor_can_bring(app: Flask, visitor: FlaskClient) -> None:
    an_operator("Anna")
    secrets = []
    for _ in range(2):
        with visitor.session_transaction() as session:
            session["sign_in"] = "planted"
        sign_in(visitor)
        with visitor.session_transaction() as session:
            secrets.append(session["sign_in"])
    assert len({*secrets, "planted"}) == 3
    assert sign_in(visitor).status_code == 302
    assert [bool(access.signed_in(secret)) for secret in secrets] == [True, False]  # the newer one went on to the third
    assert all(len(secret) == 43 for secret in secrets)


def test_ones_sign_ins_are_listed_and_all_others_ended(operator: FlaskClient, app: Flask) -> None:
    assert "End all others" not in operator.get("/profile").text
    elsewhere = access.sign_in("operator", PASSWORD)
    page = operator.get("/profile").text
    assert [page.count(words) for words in ("This one", "Another one", "End all others")] == [1, 1, 1]
    assert press(operator, "/profile/end-others").location == "/profile"
    assert access.signed_in(elsewhere) is None
    page = operator.get("/profile").text
    assert "You are signed in nowhere else any more." in page
    assert "Another one" not in page


def test_an_admin_ends_the_sign_ins_of_somebody_else(admin: FlaskClient, app: Flask) -> None:
    anna = an_operator("Anna")
    secret = access.sign_in("Anna", PASSWORD)
    assert "End all sign-ins" in admin.get(f"/operators/{anna}").text
    assert press(admin, f"/operators/{anna}/end-sign-ins").location == f"/operators/{anna}"
    assert access.signed_in(secret) is None
    assert "End all sign-ins" not in admin.get(f"/operators/{anna}").text
    press(admin, "/operators/1/end-sign-ins")
    assert admin.get("/operators").status_code == 200
    assert press(admin, "/operators/77/end-sign-ins").status_code == 404


@pytest.mark.parametrize(("path", "suggested"), [
    ("/login", ["username", "current-password"]), ("/profile/password", ["current-password", "new-password"]),
    ("/operators/new", ["new-password"]), ("/operators/1/password", ["new-password"]),
])  # fmt: skip
def test_password_managers_are_told_what_belongs_where(admin: FlaskClient, path: str, suggested: list[str]) -> None:
    page = admin.get(path).text
    assert all(f'autocomplete="{each}"' in page for each in suggested)
    assert page.count('type="password"') == sum("password" in each for each in suggested)
    assert "onpaste" not in page


def told(caplog: pytest.LogCaptureFixture, sentence: str) -> list[dict[str, Any]]:
    """What the lines with this sentence carry."""
    return [vars(record) for record in caplog.records if record.message == sentence]


def test_refused_passwords_are_told_in_the_log_without_what_was_typed(
    app: Flask, visitor: FlaskClient, operator: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(FREE + 2):
        sign_in(visitor, "operator", "a wrong password")
    sign_in(visitor, "my secret password", "a wrong password")
    submit(operator, "/profile/password", {"present": "a wrong password", "password": NEW_PASSWORD})
    failed, throttled = told(caplog, "sign-in failed"), told(caplog, "sign-in throttled")
    assert [line.get("operator") for line in failed] == ["operator"] * (FREE + 1) + [None]
    assert [line["operator"] for line in throttled] == ["operator"]
    [present] = told(caplog, "present password failed")
    assert present["operator"] == "operator"
    for line in [*failed, *throttled, present]:
        assert (line["address"], len(line["request_id"]), line["levelno"]) == ("127.0.0.1", 16, logging.WARNING)
    assert "my secret password" not in caplog.text
    assert not any("wrong password" in str(vars(record)) for record in caplog.records)


def test_who_is_refused_at_a_door_is_told_in_the_log(
    app: Flask, caplog: pytest.LogCaptureFixture, reader: FlaskClient
) -> None:
    viewer = signed_in(app, Role.VIEWER)
    viewer.get("/operators")
    viewer.post("/profile/end-others", data={"csrf_token": "forged"})
    reader.post("/api/v1/clients", json={"phone": "79001234567"})
    app.test_client().get("/api/v1/clients", headers={"Authorization": "Bearer somebodys-token"})
    lines = told(caplog, "refused")
    assert [(line["reason"], line["endpoint"], line.get("actor")) for line in lines] == [
        ("forbidden", "operators.index", "viewer"),
        ("forged form", "profile.end_others", "viewer"),
        ("forbidden", "api.clients.add_client", "read"),
        ("unauthorized", "api.clients.list_clients", None),
    ]
    assert all(line["address"] and len(line["request_id"]) == 16 for line in lines)
    assert not any("somebodys-token" in str(line) or "79001234567" in str(line) for line in lines)


def test_a_token_needs_no_form_and_a_cookie_opens_no_api(app: Flask, operator: FlaskClient) -> None:
    assert operator.get("/api/v1/clients").status_code == 401
    assert with_token(app, Scope.WRITE).get("/clients").status_code == 302
