"""A sweep over every address, every method and everybody who can come: see the table in policy.py."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from mailing_app import headers
from mailing_app.db import db, look_again
from mailing_app.models import Action, AuditEntry
from tests.conftest import signed_in, with_token
from tests.policy import API, EVERYONE, OPEN, PAGES, POLICY, ROLES, SCOPES, Caller
from tests.web.pages import fields
from tests.web.things import one_of_everything

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")
"""All that an address could take, one that lets scripts read cookies, and one that nobody knows."""

MAKERS = ("Server", "X-Powered-By", "Via")
"""Headers that would say what made the answer."""

FILES = {"/static/<path:filename>": "css/base.css", "/bootstrap/static/<path:filename>": "js/bootstrap.min.js",
         "/docs/assets/<path:filename>": "index.css"}  # fmt: skip


def test_every_address_and_method_has_a_policy(app: Flask) -> None:
    known: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        known.setdefault(rule.rule, set()).update((rule.methods or set()) - {"OPTIONS"})
    assert known == {rule: set(methods) for rule, methods in POLICY.items()}


def test_the_table_holds_no_address_twice() -> None:
    assert len(POLICY) == len(PAGES) + len(OPEN) + len(API)


@pytest.mark.parametrize("caller", list(Caller))
def test_everybody_may_do_what_the_policy_says_and_no_more(app: Flask, caller: Caller) -> None:
    one_of_everything()
    browser = coming_as(app, caller)
    wrong = []
    for rule, method in requests():
        answer = ask(browser, method, rule)
        if (told := verdict(answer)) != (wanted := expected(rule, method, caller)):
            wrong.append(f"{method} {rule}: {told} ({answer.status}) instead of {wanted}")
    assert wrong == []


@pytest.mark.parametrize("caller", [Caller.ANONYMOUS, Caller.ADMIN, Caller.WRITE_TOKEN])
def test_every_answer_is_guarded(app: Flask, caller: Caller) -> None:
    one_of_everything()
    browser = coming_as(app, caller)
    for rule, method in [*requests(), *((rule, "OPTIONS") for rule in POLICY)]:
        answer = ask(browser, method, rule, headers={"Origin": "https://elsewhere.example"})
        told = answer.headers
        for name, value in headers.ALWAYS.items():
            assert told[name] == value, (method, rule, name)
        assert (told.get("Cache-Control") == "no-store") == ("<path:filename>" not in rule or answer.status_code >= 400)
        assert not [name for name, _ in told if name in MAKERS or name.startswith("Access-Control")], (method, rule)
        assert answer.status_code != 405 or method not in told["Allow"].split(", "), (method, rule)


@pytest.mark.parametrize("caller", [Caller.ADMIN, Caller.WRITE_TOKEN])
def test_looking_changes_nothing(app: Flask, caller: Caller) -> None:
    one_of_everything()
    browser = coming_as(app, caller)
    before = changes()
    for rule, method in requests():
        if method in ("GET", "HEAD"):
            ask(browser, method, rule)
    assert changes() == before


@pytest.mark.parametrize("caller", [Caller.ADMIN, Caller.WRITE_TOKEN])
def test_every_answer_names_its_type(app: Flask, caller: Caller) -> None:
    one_of_everything()
    browser = coming_as(app, caller)
    for rule, method in requests():
        answer = ask(browser, method, rule)
        if answer.data:
            told = answer.mimetype_params.get("charset", "").lower()
            assert answer.mimetype.startswith(("application/", "image/", "font/")) or told == "utf-8", (method, rule)


def test_a_token_opens_no_page_and_a_sign_in_no_api(app: Flask) -> None:
    assert not any(may & set(SCOPES) for methods in PAGES.values() for may in methods.values() if may != EVERYONE)
    assert not any(may & set(ROLES) for methods in API.values() for may in methods.values())


def changes() -> list[str]:
    """What was done so far, as the audit trail has it; that somebody took a copy is noted, and changes nothing."""
    look_again()
    done = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id))
    return [action for action in done if action != Action.CLIENTS_EXPORTED]


def coming_as(app: Flask, caller: Caller) -> FlaskClient:
    if caller in ROLES:
        return signed_in(app, ROLES[caller])
    return with_token(app, SCOPES[caller]) if caller in SCOPES else app.test_client()


def requests() -> Iterator[tuple[str, str]]:
    """Each address with each method, what only looks before what changes things.

    Not the way out: it leads everybody to the login.
    """
    return ((rule, method) for method in METHODS for rule in POLICY if (rule, method) != ("/logout", "POST"))


def ask(browser: FlaskClient, method: str, rule: str, **given: Any) -> TestResponse:
    """A request as the address wants it: with the token of the browser's forms, and nothing filled in."""
    path = re.sub("<path:filename>", FILES.get(rule, ""), rule)
    path = re.sub(r"<[^>]+>", "1", path)
    data = None
    if method == "POST" and rule in PAGES:
        data = fields(browser.get("/login").text, "csrf_token")
    return browser.open(path, method=method, data=data, buffered=True, **given)


def verdict(answer: TestResponse) -> str:
    """What an answer says of the caller; what is the matter with the thing itself does not count here."""
    if answer.status_code >= 500:
        return "fault"
    if answer.status_code == 302 and answer.location.startswith("/login"):
        return "strange"
    return {401: "strange", 403: "forbidden", 405: "no such method"}.get(answer.status_code, "let in")


def expected(rule: str, method: str, caller: Caller) -> str:
    may = POLICY[rule].get(method)
    if may is None:
        return "no such method"
    if caller in may:
        return "let in"
    known = caller in (SCOPES if rule in API else ROLES)
    return "forbidden" if known else "strange"
