"""One line a request: who asked for what, what came of it, and the ids by which it is found."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config import Settings
from mailing_app.app import create_app
from tests.api.bodies import a_mailing_body
from tests.conftest import make_settings
from tests.factories import a_client, a_mailing
from tests.test_logs import logged
from tests.web.pages import submit

Told = Callable[[], list[dict[str, Any]]]

UUID = "0B1C6E0A-7a51-4c39-9d0c-5f0d6f1f0a11"


@pytest.fixture
def told() -> Iterator[Told]:
    """What has been logged since the last look, as a process would write it."""
    with logged("json") as lines:
        yield lambda: [json.loads(line) for line in lines()]


def answered(told: Told) -> list[dict[str, Any]]:
    return [line for line in told() if line["message"] == "request answered"]


def test_a_change_through_the_api_is_found_by_the_id_of_what_was_made(app: Flask, api: FlaskClient, told: Told) -> None:
    answer = api.post("/api/v1/mailings", json=a_mailing_body())
    made = answer.get_json()["id"]
    lines = [line for line in told() if line.get("mailing_id") == made]
    assert [line["message"] for line in lines] == ["mailing added", "request answered"]
    assert {line["request_id"] for line in lines} == {answer.headers["X-Request-ID"]}
    assert {(line["actor_kind"], line["actor"]) for line in lines} == {("token", "write")}
    assert (lines[1]["method"], lines[1]["route"], lines[1]["status"]) == ("POST", "/api/v1/mailings", 201)
    assert lines[1]["milliseconds"] > 0


def test_a_page_is_found_by_the_ids_in_its_address(app: Flask, operator: FlaskClient, told: Told) -> None:
    mailing, client = a_mailing(), a_client()
    told()
    operator.get(f"/mailings/{mailing.id}")
    operator.get(f"/clients/{client.id}?limit=7")
    of_mailing, of_client = answered(told)
    assert (of_mailing["mailing_id"], of_client["client_id"]) == (mailing.id, client.id)
    assert of_client["route"] == "/clients/<id:client_id>"
    assert (of_client["actor_kind"], of_client["actor"]) == ("operator", "operator")


def test_a_form_is_found_by_the_id_of_the_page_that_it_leads_to(app: Flask, operator: FlaskClient, told: Told) -> None:
    assert submit(operator, "/clients/new", {"phone": "8 900 100 20 30"}).status_code == 302
    lines = told()[-2:]
    assert [line["message"] for line in lines] == ["client added", "request answered"]
    assert len({(line["client_id"], line["request_id"]) for line in lines}) == 1


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/live", "/mailings/{}/live", "/static/css/tokens.css"])
def test_what_is_polled_fills_no_log(app: Flask, operator: FlaskClient, told: Told, path: str) -> None:
    mailing = a_mailing()
    told()
    with operator.get(path.format(mailing.id)) as answer:
        assert answer.status_code == 200
    assert told() == []


@pytest.mark.parametrize(
    ("path", "status"), [("/readyz", 503), ("/mailings/99/live", 404), ("/static/nothing.css", 404)]
)
def test_what_is_polled_is_told_when_it_fails(
    app: Flask, operator: FlaskClient, told: Told, path: str, status: int
) -> None:
    assert operator.get(path).status_code == status
    assert [line["status"] for line in answered(told)] == [status]


def test_no_address_is_told_that_somebody_typed(app: Flask, operator: FlaskClient, told: Told) -> None:
    operator.get("/my-secret-token?phone=79001234567&token=my-secret-token")
    (line,) = answered(told)
    assert (line["route"], line["status"]) == ("", 404)
    assert "secret" not in str(line)


def test_a_streamed_answer_is_told_once_it_has_left(app: Flask, api: FlaskClient, told: Told) -> None:
    answer = api.get("/api/v1/clients.csv")
    assert answered(told) == []
    answer.close()
    assert [line["route"] for line in answered(told)] == ["/api/v1/clients.csv"]


@pytest.mark.parametrize(
    ("proxies", "given", "kept"),
    [
        (1, UUID, True),
        (1, "0123456789abcdef0123456789ABCDEF", True),
        (0, UUID, False),
        (1, "", False),
        (1, "17", False),
        (1, "79001234567", False),
        (1, UUID + '" level="ERROR', False),
        (1, "x" * 32, False),
    ],
)
def test_only_an_id_as_a_trusted_proxy_makes_it_is_kept(
    settings: Settings, app: Flask, told: Told, proxies: int, given: str, kept: bool
) -> None:
    visitor = create_app(make_settings(settings.database_url, trusted_proxies=proxies)).test_client()
    answer = visitor.get("/nowhere", headers={"X-Request-ID": given})
    named = answer.headers["X-Request-ID"]
    assert (named == given.lower()) is kept
    assert kept or re.fullmatch("[0-9a-f]{16}", named)
