"""A request to plan a mailing may be repeated without planning it twice."""

import threading
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import access
from mailing_app.models import Scope
from tests.api.bodies import a_mailing_body
from tests.conftest import with_token

URL = "/api/v1/mailings"


def plan(program: FlaskClient, key: str, **given: Any) -> Any:
    return program.post(URL, json=a_mailing_body(**given), headers={"Idempotency-Key": key})


def test_the_same_request_gets_the_same_answer(api: FlaskClient) -> None:
    first, again = plan(api, "mine"), plan(api, "mine")
    assert first.status_code == again.status_code == 201
    assert first.json == again.json
    for header in ("Location", "ETag"):
        assert first.headers[header] == again.headers[header]
    assert len(api.get(URL).json["items"]) == 1


def test_the_first_answer_stays_even_when_the_mailing_changed(api: FlaskClient) -> None:
    first = plan(api, "mine")
    api.post(f"{first.headers['Location']}/cancel")
    assert plan(api, "mine").json == first.json


def test_the_order_of_the_keys_in_the_body_does_not_matter(api: FlaskClient) -> None:
    plan(api, "mine")
    turned = dict(reversed(a_mailing_body().items()))
    assert api.post(URL, json=turned, headers={"Idempotency-Key": "mine"}).status_code == 201


def test_the_same_key_with_another_body_is_refused(api: FlaskClient) -> None:
    plan(api, "mine")
    answer = plan(api, "mine", text="Other")
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])
    assert len(api.get(URL).json["items"]) == 1


def test_a_request_that_was_refused_keeps_no_key(api: FlaskClient) -> None:
    assert plan(api, "mine", text="").status_code == 422
    assert plan(api, "mine").status_code == 201


def test_each_token_has_keys_of_its_own(app: Flask, api: FlaskClient) -> None:
    other = app.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {access.add_token('other', Scope.WRITE)}"
    assert plan(api, "mine").json["id"] != plan(other, "mine").json["id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "tab\there", "ключ".encode().decode("latin-1")])
def test_a_key_that_makes_no_sense_is_refused(api: FlaskClient, key: str) -> None:
    answer = plan(api, key)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["Idempotency-Key"])


def test_two_at_once_plan_one_mailing(app: Flask) -> None:
    program = with_token(app, Scope.WRITE)
    bearer = program.environ_base["HTTP_AUTHORIZATION"]
    answers, ready = [], threading.Barrier(4)

    def ask() -> None:
        ready.wait()
        headers = {"Idempotency-Key": "mine", "Authorization": bearer}
        answers.append(app.test_client().post(URL, json=a_mailing_body(), headers=headers))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.data for answer in answers}) == 1
    assert len(program.get(URL).json["items"]) == 1
