"""Every status that the document names of an operation is one that it really answers with."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from config import Settings
from mailing_app import bulkhead, clock, mailings
from mailing_app.db import transaction
from mailing_app.models import Mailing, RequestAtWork, Scope, Token
from tests.api.test_openapi import each_operation
from tests.factories import a_client, a_mailing, a_phone
from tests.mailings.test_uncertain import in_doubt, messages

ELSEWHERE = {"500", "503"}
"""A fault of ours and a database that is away are no matter of one operation: see test_problems.py."""

BAD: dict[str, dict[str, Any]] = {
    "304": {"headers": {"If-None-Match": '"1"'}},
    "400": {"data": b"{", "content_type": "application/json"},
    "412": {"headers": {"If-Match": '"99"'}},
    "413": {"environ_overrides": {"CONTENT_LENGTH": str(2**30)}},
    "415": {"data": b"x", "content_type": "text/plain"},
    "422": {"query_string": {"colour": "red"}},
}
"""What asks for such an answer of any operation."""


def test_every_documented_status_can_be_had(
    app: Flask, api: FlaskClient, reader: FlaskClient, specification: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    [message] = messages(in_doubt(1))
    stranger, missed = app.test_client(), []
    for path, method, told in each_operation(specification):
        for status in sorted(told["responses"].keys() - ELSEWHERE):
            program = {"401": stranger, "403": reader}.get(status, api)
            asked = {"method": method.upper()} | sample(told, BAD.get(status, {}))
            things = {"client_id": a_client().id, "mailing_id": a_mailing().id, "message_id": message.id}
            if status == "404":
                things = dict.fromkeys(things, 999)
            if status == "409":
                things |= FORBIDDING[told["operationId"]](asked)
            with monkeypatch.context() as patch:
                patch.setattr(Settings, "looks_up", status != "409")
                if status == "429":
                    patch.setattr(bulkhead, "AT_ONCE", 0)
                answer = program.open("/api/v1" + path.format(**things), **asked)
            if answer.status_code != int(status):
                missed.append((told["operationId"], status, answer.status_code, answer.text[:200]))
    assert missed == []


def sample(told: dict[str, Any], bad: dict[str, Any]) -> dict[str, Any]:
    """A request with the example of the document, but for what is bad about it and for a phone that is free."""
    content = told.get("requestBody", {}).get("content", {})
    kind = next(iter(content), None)
    if kind is None or "content_type" in bad:
        return bad
    example = content[kind]["example"]
    if kind == "application/json":
        free = {"phone": a_phone()} if "phone" in example else {}
        return {"data": json.dumps(example | free), "content_type": kind} | bad
    return {"data": example, "content_type": kind} | bad


def taken(asked: dict[str, Any]) -> dict[str, int]:
    asked["data"] = json.dumps({"phone": a_client().phone})
    return {"client_id": a_client().id}


def archived(_asked: dict[str, Any]) -> dict[str, int]:
    mailing = a_mailing()
    with transaction() as session:
        session.get_one(Mailing, mailing.id).archived_at = clock.now()
    return {"mailing_id": mailing.id}


def begun(asked: dict[str, Any]) -> dict[str, int]:
    mailing = a_mailing()
    with transaction() as session:
        session.get_one(Mailing, mailing.id).attempted_at = clock.now()
    return {"mailing_id": mailing.id}


def cancelled(asked: dict[str, Any]) -> dict[str, int]:
    return {"mailing_id": mailings.cancel(a_mailing().id).id}


def at_work(asked: dict[str, Any]) -> dict[str, int]:
    asked["headers"] = {"Idempotency-Key": "mine"}
    with transaction() as session:
        token_id = session.scalars(select(Token.id).filter_by(scope=Scope.WRITE)).one()
        session.add(RequestAtWork(token_id=token_id, key="mine", began_at=clock.now()))
    return {}


def finished(asked: dict[str, Any]) -> dict[str, int]:
    return {"mailing_id": a_mailing(ends_at=clock.now() - timedelta(seconds=1)).id}


FORBIDDING: dict[str, Callable[[dict[str, Any]], dict[str, int]]] = {
    "add_client": taken,
    "replace_client": taken,
    "change_client": taken,
    "add_mailing": at_work,
    "replace_mailing": begun,
    "change_mailing": begun,
    "pause_mailing": cancelled,
    "resume_mailing": cancelled,
    "send_uncertain_messages": cancelled,
    "cancel_mailing": finished,
    "ask_gateway": lambda _: {},
    "list_messages": archived,
    "read_report": archived,
}
"""The state of things that forbids an operation."""
