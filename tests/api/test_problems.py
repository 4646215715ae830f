"""Every no of the API is a problem document with the right status and headers."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import reports
from mailing_app.api import bodies
from mailing_app.app import create_app
from mailing_app.forms.base import MOST_UNKNOWN
from tests.api.bodies import a_client_body, a_mailing_body
from tests.api.routes import address, operations
from tests.conftest import make_settings
from tests.factories import a_client, a_mailing

CLIENTS = "/api/v1/clients"


def problem(answer: Any, status: int) -> dict[str, Any]:
    """The document of a no, checked for what all of them have in common."""
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    document: dict[str, Any] = answer.json
    assert (document["type"], document["status"]) == ("about:blank", status)
    assert document["title"]
    assert document["detail"]
    assert answer.headers["Cache-Control"] == "no-store"
    return document


@pytest.mark.parametrize(
    "where",
    [
        "/api/nothing", "/api/v1/nothing", f"{CLIENTS}/", f"{CLIENTS}/0", f"{CLIENTS}/01", f"{CLIENTS}/-1",
        f"{CLIENTS}/1.0", f"{CLIENTS}/x", f"{CLIENTS}/{2**63}", f"{CLIENTS}/{'9' * 5000}", f"{CLIENTS}/\u0661",
        f"{CLIENTS}/99", "/api/v1/mailings/99", "/api/v1/messages/99",
    ],
)  # fmt: skip
def test_nothing_there(api: FlaskClient, where: str) -> None:
    problem(api.get(where), 404)


def test_unknown_addresses_say_so_to_everyone(visitor: FlaskClient) -> None:
    problem(visitor.post("/api/v1/nothing"), 404)


BROKEN = [
    b"{", b"nope", b'{"phone": NaN}', b'{"phone": -Infinity}', b"\xff\xfe", b'\xef\xbb\xbf{"phone": 1}',
    b'{"phone": ' + b"7" * 5000 + b"}", b"[" * 100_000, b'{"a":' * 100_000, b'{"phone": "79001234567"} x',
]  # fmt: skip


@pytest.mark.parametrize("body", BROKEN, ids=range(len(BROKEN)))
def test_what_is_not_json(api: FlaskClient, body: bytes) -> None:
    for method, where in takers(api):
        problem(api.open(where, method=method, data=body, content_type="application/json"), 400)


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "text/json"])
def test_a_body_of_another_type(api: FlaskClient, content_type: str | None) -> None:
    for method, where in takers(api):
        problem(api.open(where, method=method, data=b"{}", content_type=content_type), 415)


def test_a_body_that_is_too_large(api: FlaskClient) -> None:
    for method, where in takers(api):
        largest = bodies.LARGEST_LIST if where.endswith("bulk") else bodies.LARGEST_JSON
        body = json.dumps(a_client_body(tag="x" * largest)).encode()
        problem(api.open(where, method=method, data=body, content_type="application/json"), 413)


def test_no_body_at_all_is_not_json(api: FlaskClient) -> None:
    for where in (CLIENTS, "/api/v1/mailings", "/api/v1/mailings/preview"):
        problem(api.post(where, content_type="application/json"), 400)


def test_a_charset_is_no_other_type(api: FlaskClient) -> None:
    body = json.dumps(a_client_body()).encode()
    assert api.post(CLIENTS, data=body, content_type="application/json; charset=utf-8").status_code == 201


def test_routes_without_parameters_take_none(app: Flask, api: FlaskClient) -> None:
    for method, rule in operations(app):
        told = problem(api.open(f"{address(rule)}?colour=red", method=method, json={}), 422)
        assert told["errors"] == {"colour": ["There is no such field."]}


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 1.5, 1e999, 2**70, "", "\x00", "\ud800", "\u202e", "x" * 70_000, [], [[]], {}, {"a": {}}],
)
def test_no_value_anywhere_is_a_fault_of_ours(api: FlaskClient, value: Any) -> None:
    for method, where in takers(api):
        plain = a_client_body() if "clients" in where else a_mailing_body()
        for name in (*plain, "name", "tag", "timezone", "operator_code", "filter", "window", "reason", "id", "phase"):
            body = plain | {name: value}
            assert api.open(where, method=method, json=body).status_code < 500, (where, name)
        body = a_mailing_body(filter={"tags": value}, window={"from": value, "to": value})
        assert api.open(where, method=method, json=body).status_code < 500, where


def test_a_fault_of_ours_tells_its_id_and_nothing_else(api: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(reports, "totals", fails)
    told = problem(api.get("/api/v1/statistics"), 500)
    assert len(told["request_id"]) == 16
    assert "secret" not in json.dumps(told)


def test_without_a_database_everyone_is_asked_to_come_again(app: Flask) -> None:
    elsewhere = create_app(make_settings("postgresql://nobody@127.0.0.1:9/nothing?connect_timeout=2"))
    answer = elsewhere.test_client().get(CLIENTS, headers={"Authorization": "Bearer any"})
    told = problem(answer, 503)
    assert answer.headers["Retry-After"] == "5"
    assert "127.0.0.1" not in json.dumps(told)


@pytest.mark.parametrize(
    ("asked", "russian"),
    [
        ("ru", True), ("ru-RU, en;q=0.5", True), ("en;q=0.5, ru", True), ("de, RU", True),
        ("en, ru;q=0.5", False), ("ru;q=0", False), ("*", False), ("", False), (";;,=", False),
    ],
)  # fmt: skip
def test_sentences_come_in_the_language_asked_for(api: FlaskClient, asked: str, russian: bool) -> None:
    taken = a_client().phone
    nothing = api.get("/api/v1/nothing", headers={"Accept-Language": asked}).json
    refused = api.post(CLIENTS, json={"phone": taken}, headers={"Accept-Language": asked}).json
    wrong = api.post(CLIENTS, json={}, headers={"Accept-Language": asked}).json
    for sentence in (nothing["detail"], *refused["errors"]["phone"], *wrong["errors"]["phone"]):
        assert bool(re.search("[а-я]", sentence)) == russian, sentence


def takers(api: FlaskClient) -> list[tuple[str, str]]:
    """Every route that takes JSON, with things to take it for."""
    return [
        ("POST", CLIENTS),
        ("POST", f"{CLIENTS}/bulk"),
        ("PUT", f"{CLIENTS}/{(client := a_client()).id}"),
        ("PATCH", f"{CLIENTS}/{client.id}"),
        ("POST", "/api/v1/mailings"),
        ("POST", "/api/v1/mailings/preview"),
        ("PUT", f"/api/v1/mailings/{(mailing := a_mailing()).id}"),
        ("PATCH", f"/api/v1/mailings/{mailing.id}"),
        ("POST", f"/api/v1/mailings/{mailing.id}/pause"),
        ("POST", "/api/v1/gateway/stop"),
    ]


def test_of_very_many_unknown_names_some_are_told(api: FlaskClient) -> None:
    unknown = {f"x{number}": 1 for number in range(1000)}
    answers = [
        problem(api.post(CLIENTS, json=a_client_body() | unknown), 422)["errors"],
        problem(api.get(CLIENTS, query_string=unknown), 422)["errors"],
        api.post(f"{CLIENTS}/bulk", json={"clients": [a_client_body() | unknown]}).json["results"][0]["errors"],
    ]
    assert [len(errors) for errors in answers] == [MOST_UNKNOWN] * 3
    assert all(sentences == ["There is no such field."] for errors in answers for sentences in errors.values())
