"""Nobody comes in without a token, and a read token only reads: on every route there is."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import access, clock
from mailing_app.db import transaction
from mailing_app.models import Scope, Token
from tests.api.routes import address, operations


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer \xff", "x"])
def test_every_route_refuses_who_has_no_token(app: Flask, visitor: FlaskClient, given: str | None) -> None:
    for method, rule in operations(app):
        headers = {} if given is None else {"Authorization": given}
        answer = visitor.open(address(rule), method=method, headers=headers)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), (method, rule)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_read_token_reads_and_no_more(app: Flask, reader: FlaskClient) -> None:
    for method, rule in operations(app):
        answer = reader.open(address(rule), method=method, json={})
        assert (answer.status_code == 403) == (method != "GET"), (method, rule, answer.status)
        answer.close()  # a file that nobody reads would keep its request open


def test_a_revoked_token_opens_nothing(app: Flask) -> None:
    program = app.test_client()
    bearer = {"Authorization": f"Bearer {access.add_token('short-lived', Scope.WRITE)}"}
    assert program.get("/api/v1/", headers=bearer).status_code == 200
    with transaction() as session:
        session.query(Token).update({"revoked_at": clock.now()})
    assert program.get("/api/v1/", headers=bearer).status_code == 401


def test_the_scheme_may_be_spelled_in_any_case(app: Flask, visitor: FlaskClient) -> None:
    secret = access.add_token("mine", Scope.READ)
    assert visitor.get("/api/v1/", headers={"Authorization": f"bearer {secret}"}).status_code == 200


def test_a_signed_in_operator_is_no_program(operator: FlaskClient) -> None:
    assert operator.get("/api/v1/clients").status_code == 401
