"""Whatever comes to whatever door: an answer that is the caller's matter, the field named, and nothing stored.

How many calls that were is logged: `pytest tests/test_hostile.py -o log_cli=true --log-cli-level=INFO`.
"""

import logging
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from mailing_app.db import db, look_again
from mailing_app.models import AuditEntry, Client, ClientImport, Draft, Mailing, Message, Role, Scope
from tests import hostile
from tests.api.bodies import a_client_body, a_mailing_body
from tests.api.contract import check
from tests.conftest import signed_in, with_token
from tests.policy import API, PAGES
from tests.web.pages import Forms
from tests.web.things import one_of_everything

log = logging.getLogger(__name__)

pytestmark = pytest.mark.timeout(300)

KEPT = (AuditEntry, Client, ClientImport, Draft, Mailing, Message)
"""What a request can add to; every change of anything adds to the first."""

MAILING = a_mailing_body(
    name="x", when_uncertain="hold", window={"from": "09:00", "to": "21:00"},
    filter={"operator_codes": ["900"], "tags": ["vip"], "timezones": ["Europe/Moscow"]},
)  # fmt: skip


class Trial:
    """Sends requests and holds the answers to what every door promises."""

    def __init__(self, client: FlaskClient):
        self.client, self.calls = client, 0

    def ask(self, method: str, address: str, **given: Any) -> TestResponse:
        """The answer: never a fault of ours, and a no has stored nothing."""
        before = stored()
        answer = self.client.open(address, method=method, buffered=True, **given)
        self.calls += 1
        assert answer.status_code < 500, (method, address[:200], given)
        if answer.status_code >= 400:
            assert stored() == before, (method, address[:200], given)
        return answer

    def refused(self, method: str, address: str, status: int, **given: Any) -> dict[str, Any]:
        """The problem document of a request that has to be refused like this."""
        answer = self.ask(method, address, **given)
        assert answer.status_code == status, (method, address[:200], given, answer.status)
        check(self.client.application, answer)
        document: dict[str, Any] = answer.json
        return document


@pytest.fixture(autouse=True)
def things(app: Flask) -> None:
    """Something behind every address: number 1."""
    one_of_everything()


@pytest.fixture
def api(app: Flask) -> Iterator[Trial]:
    trial = Trial(with_token(app, Scope.WRITE))
    yield trial
    log.info("%s calls at the API", trial.calls)


@pytest.fixture
def pages(app: Flask) -> Iterator[Trial]:
    trial = Trial(signed_in(app, Role.ADMIN))
    yield trial
    log.info("%s calls at the pages", trial.calls)


def test_values_in_bodies(app: Flask, api: Trial) -> None:
    for method, address, schema in json_doors(app):
        validator = Draft202012Validator(schema)
        for path in paths(schema):
            for name, value in hostile.ODD_VALUES.items():
                body = changed(good_body(address), path, value)
                if name in hostile.FORBIDDEN_TEXTS or not validator.is_valid(changed(body, path, trimmed(value))):
                    errors = api.refused(method, address, 422, json=body)["errors"]
                    assert any(related(field, path) for field in errors), (method, address, path, name, errors)
                else:
                    api.ask(method, address, json=body)


def test_fields_that_nobody_knows_or_may_set(app: Flask, api: Trial) -> None:
    for method, address, _ in json_doors(app):
        for name in (
            "id",
            "created_at",
            "statistics",
            "version",
            "role",
            "password_hash",
            "__proto__",
            "\x00",
            "",
            "a.b",
        ):
            body = good_body(address) | {name: "1"}
            assert name in api.refused(method, address, 422, json=body)["errors"]


def test_bodies_that_are_none(app: Flask, api: Trial) -> None:
    told = {"content_type": "application/json"}
    for method, address, _ in json_doors(app):
        for body in hostile.NOT_JSON.values():
            if body or not address.endswith(("/pause", "/stop")):
                api.refused(method, address, 400, data=body, **told)
        for body in hostile.NOT_OBJECTS.values():
            assert "" in api.refused(method, address, 422, data=body, **told)["errors"]
        api.refused(method, address, 413, data=hostile.LARGE, **told)
        for other in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "\xff"):
            api.refused(method, address, 415, data=b"{}", content_type=other)


def test_ids_that_are_none(api: Trial) -> None:
    for rule, methods in API.items():
        for method in methods if "<id:" in rule else ():
            for text in hostile.NOT_IDS:
                answer = api.ask(method, with_ids(rule, text), json={} if method not in ("GET", "HEAD") else None)
                assert answer.status_code == 404, (method, rule, text)


def test_parameters_of_the_api(app: Flask, api: Trial) -> None:
    for method, address, told in operations(app):
        known = {each["name"]: each["schema"] for each in told["parameters"] if each.get("in") == "query"}
        for name, schema in (known | {"unknown": None, "%00": None, "": None}).items():
            for kind, value in hostile.RAW_QUERY_VALUES.items():
                answer = api.ask(method, f"{address}?{name}={value}")
                if schema is None or kind in ("NUL", "bidi", "escape") or not is_free(schema):
                    assert answer.status_code == 422, (address, name, kind, answer.status)
                    assert name.replace("%00", "\x00") in answer.json["errors"]


def test_headers(app: Flask, api: Trial) -> None:
    for rule, methods in API.items():
        for method in methods:
            body = good_body(with_ids(rule, "1")) if method in ("POST", "PUT", "PATCH") else None
            for name, values in hostile.HEADERS.items():
                for value in values:
                    api.ask(method, with_ids(rule, "1"), headers={name: value}, json=body)


def test_tokens_that_are_none(app: Flask) -> None:
    trial = Trial(app.test_client())
    for rule, methods in API.items():
        for method in methods:
            for value in hostile.NOT_TOKENS:
                answer = trial.ask(method, with_ids(rule, "1"), headers={"Authorization": value})
                assert answer.status_code == 401, (method, rule, value[:20])
                assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_parameters_and_ids_of_pages(pages: Trial) -> None:
    for rule, methods in PAGES.items():
        for method in methods:
            for text in hostile.NOT_IDS if "<id:" in rule else ():
                assert pages.ask(method, with_ids(rule, text)).status_code == 404, (method, rule, text)
        for value in hostile.RAW_QUERY_VALUES.values() if "GET" in methods else ():
            every = "&".join(f"{name}={value}" for name in PARAMETERS_OF_PAGES)
            pages.ask("GET", f"{with_ids(rule, '1')}?{every}")


def test_fields_of_pages(pages: Trial) -> None:
    for rule, methods in PAGES.items():
        address = with_ids(rule, "1")
        if "GET" not in methods or "POST" not in methods or rule in ONLY_FILES:
            continue
        for form in forms_of(pages, address):
            for field in form:
                for name, text in hostile.ODD_TEXTS.items():
                    answer = pages.ask("POST", address, data=form | {field: as_sent(text)})
                    if name in hostile.FORBIDDEN_TEXTS.keys() - NO_UTF_8 and field not in NEVER_READ:
                        assert answer.status_code >= 400, (address, field, name, answer.status)


def test_forms_with_bodies_of_other_kinds(pages: Trial) -> None:
    for rule, methods in PAGES.items():
        for kind in ("application/json", "multipart/form-data", "text/plain", "\xff") if "POST" in methods else ():
            for body in (b"{}", b"\x00", b"a=%00&csrf_token=x", b"--x\r\n"):
                assert pages.ask("POST", with_ids(rule, "1"), data=body, content_type=kind).status_code >= 300


PARAMETERS_OF_PAGES = ("after", "limit", "phone", "tag", "timezone", "status", "phase", "name", "draft", "next", "of",
                       "span", "actor", "since", "mailing_id", "_scheme", "_external", "_anchor", "_method",
                       "endpoint")  # fmt: skip
ONLY_FILES = ("/clients/import", "/logout")
NO_UTF_8 = {"lone surrogate"}
"""In addresses and forms Werkzeug gives what is no UTF-8 as its escapes, `%ED%A0%80`: a plain text."""
NEVER_READ = ("seen", "version", "form_key", "next", "language", "theme")
"""Marks and the frame around a form, which nobody types: what makes no sense in them is passed over."""


def stored() -> tuple[Any, ...]:
    """How much there is of everything."""
    look_again()
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in KEPT]
    return tuple(db.session.execute(select(*counts)).one())


def operations(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, address and description of each operation of the document, all that it points at put in its place."""
    document = app.test_client().get("/apispec.json").json
    for path, item in document["paths"].items():
        for method, told in item.items():
            yield method.upper(), re.sub("{.*?}", "1", f"/api/v1{path}"), resolved(told, document)


def resolved(told: Any, document: dict[str, Any]) -> Any:
    """The same with every `$ref` followed."""
    if isinstance(told, list):
        return [resolved(each, document) for each in told]
    if not isinstance(told, dict):
        return told
    if "$ref" in told:
        found: Any = document
        for step in told["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return resolved(found, document)
    return {name: resolved(each, document) for name, each in told.items()}


def json_doors(app: Flask) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, address and schema of each operation that takes JSON."""
    for method, address, told in operations(app):
        if content := told.get("requestBody", {}).get("content", {}).get("application/json"):
            yield method, address, content["schema"]


def good_body(address: str) -> Any:
    """A body that this address takes."""
    if address.endswith(("/pause", "/stop")):
        return {"reason": "x"}
    if "/mailings" in address:
        return dict(MAILING)
    client = a_client_body(operator_code="900", tag="vip", timezone="Europe/Moscow")
    return {"clients": [client], "all_or_nothing": True} if address.endswith("/bulk") else client


def paths(schema: dict[str, Any], before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every field of a body, and to the first item of every list."""
    for name, part in schema.get("properties", {}).items():
        yield (*before, name)
        yield from paths(part, (*before, name))
    if "items" in schema:
        yield (*before, 0)
        yield from paths(schema["items"], (*before, 0))


def changed(body: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """The same body with another value there."""
    if not path:
        return value
    copy = body.copy()
    copy[path[0]] = changed(body[path[0]], path[1:], value)
    return copy


def trimmed(value: Any) -> Any:
    """White space at the ends of a text is nobody's fault."""
    return value.strip() if isinstance(value, str) else value


def related(field: str, path: tuple[str | int, ...]) -> bool:
    """Whether a fault is told of the field at the end of the path, of what holds it, or of something in it."""
    names = ".".join(map(str, path))
    return f"{field}.".startswith(f"{path[0]}.") and (field.startswith(names) or names.startswith(field))


def is_free(schema: dict[str, Any]) -> bool:
    """Whether a parameter takes any text."""
    return schema["type"] == "string" and not schema.keys() & {"enum", "format"}


def with_ids(rule: str, text: str) -> str:
    """An address under the rule, with this for each number in it."""
    return re.sub("<.*?>", lambda _: quote(text, safe="%;'"), rule)


def forms_of(trial: Trial, address: str) -> list[dict[str, str]]:
    """The forms of a page, as they would be sent."""
    return [form for form in Forms(trial.ask("GET", address).text).found if len(form) > 1]


def as_sent(text: str) -> bytes:
    """A text in the bytes of a form, lone surrogates as they are."""
    return text.encode("utf-8", "surrogatepass")
