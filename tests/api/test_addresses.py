"""Every address under /api, known or not, answers every method as HTTP has it (RFC 9110): swept over the routes."""

from collections import defaultdict
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mailing_app.db import transaction
from mailing_app.models import Message, Status
from tests.api.routes import operations
from tests.factories import a_client, a_mailing

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "X-ANY")


@pytest.fixture
def addresses(app: Flask) -> dict[str, set[str]]:
    """An address of something that is there for every route, with the methods that it takes."""
    client, mailing = a_client(), a_mailing()
    with transaction() as session:
        message = Message(
            mailing_id=mailing.id, client_id=client.id, status=Status.PENDING,
            created_at=mailing.created_at, due_at=mailing.created_at,
        )  # fmt: skip
        session.add(message)
    ids = {"<id:client_id>": client.id, "<id:mailing_id>": mailing.id, "<id:message_id>": message.id}
    taken: defaultdict[str, set[str]] = defaultdict(set)
    for rule in app.url_map.iter_rules():
        if f"{rule.rule}/".startswith("/api/"):
            where = rule.rule
            for place, number in ids.items():
                where = where.replace(place, str(number))
            taken[where] |= rule.methods or set()
    assert {"/api", "/api/v1", "/api/v1/", "/api/v1/clients.csv"} < taken.keys()
    return taken


def allowed(answer: Any) -> set[str]:
    return set(answer.headers["Allow"].split(", "))


def test_every_address_tells_its_methods(api: FlaskClient, addresses: dict[str, set[str]]) -> None:
    for where, methods in addresses.items():
        answer = api.options(where)
        assert (answer.status_code, answer.data, allowed(answer)) == (200, b"", methods), where


def test_every_other_method_is_refused_with_those_that_there_are(
    api: FlaskClient, visitor: FlaskClient, addresses: dict[str, set[str]]
) -> None:
    refused = 0
    for where, methods in addresses.items():
        for method in METHODS:
            for program in (api, visitor) if method not in methods else ():
                answer = program.open(where, method=method)
                refused += 1
                assert (answer.status_code, answer.mimetype) == (405, "application/problem+json"), (method, where)
                assert allowed(answer) == methods, (method, where)
                assert answer.data == b"" if method == "HEAD" else answer.json["status"] == 405
    assert refused > 300


def promised(answer: TestResponse) -> dict[str, str]:
    """Its headers, but for the id that every request has of its own."""
    return {name: value for name, value in answer.headers.items() if name != "X-Request-ID"}


def test_head_has_the_headers_of_get_and_no_body(api: FlaskClient, addresses: dict[str, set[str]]) -> None:
    for where, methods in addresses.items():
        if "GET" in methods:
            got, head = api.get(where), api.head(where)
            assert (head.status_code, head.data) == (got.status_code, b""), where
            assert promised(head) == promised(got), where


def test_head_says_no_as_get_does(api: FlaskClient, visitor: FlaskClient) -> None:
    for program, where in (
        (api, "/api/v1/clients/99"),
        (api, "/api/v1/nothing"),
        (api, "/api/v1/clients?limit=0"),
        (visitor, "/api/v1/clients"),
    ):
        got, head = program.get(where), program.head(where)
        assert (head.status_code, head.data, promised(head)) == (got.status_code, b"", promised(got))
        assert got.status_code >= 400


ODD = [
    "/api/v1/nothing", "/api/v2/clients", "/api/v1/clients/", "/api/v1/clients/1/", "/api/v1/clients.csv/",
    "/api/v1//clients", "/api//v1/clients", "/api/v1/clients//1", "/api/v1/clients/1//opt-out", "/api/v1/Clients",
    "/api/v1/clients/%31%00", "/api/v1/clients/%ff", "/api/v1/%d9%a1", "/api/v1/clients/%2e%2e/mailings",
    "/api/v1/clients/..", "/api/v1/clients/%25%33%31", "/api/v1/clients/1%3flimit=1", "/api/v1/clients/1;x",
    "/api/v1/clients/%", "/api/v1/clients/%zz", "/api/v1/clients/1%0d%0aX-Evil:%201", "/api/v1/clients.CSV",
    f"/api/v1/{'x' * 5000}", "/api/x",
]  # fmt: skip


@pytest.mark.parametrize("where", ODD)
def test_an_address_that_is_none_is_a_problem_for_everyone(api: FlaskClient, visitor: FlaskClient, where: str) -> None:
    a_client()
    for program in (api, visitor):
        for method in METHODS:
            answer = program.open(where, method=method)
            assert (answer.status_code, answer.mimetype) == (404, "application/problem+json"), method
            assert answer.data == b"" if method == "HEAD" else answer.json["status"] == 404


def test_what_only_begins_like_the_api_is_a_page(visitor: FlaskClient) -> None:
    for where in ("/apix", "/apix/y", "/api;x", "/api.json", "/API/v1/clients"):
        assert (visitor.get(where).mimetype) == "text/html", where


def test_every_operation_is_in_the_sweep(app: Flask, addresses: dict[str, set[str]]) -> None:
    assert len({rule for _, rule in operations(app)}) == len([where for where in addresses if "/v1/" in where])
