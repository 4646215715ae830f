"""Few bulky requests at a time: who comes beyond them is asked to come again, and everybody who is done makes room."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import audit, bulkhead
from mailing_app.audit import Actor
from mailing_app.models import ActorKind, Scope
from tests.api.test_problems import problem
from tests.conftest import with_token
from tests.factories import a_mailing
from tests.web.pages import fields

REPORT = "/api/v1/mailings/1/report.csv"
STREAMS = ["/reports/mailings.csv", "/mailings/1/report.csv", "/clients/export.csv"]


@pytest.fixture
def mailing(app: Flask) -> None:
    a_mailing()


@pytest.fixture
def full() -> Iterator[ExitStack]:
    """Everybody's places are taken, each by somebody else; closing gives them back."""
    with ExitStack() as taken:
        for number in range(bulkhead.AT_ONCE):
            who = Actor(ActorKind.TOKEN, f"another {number}")
            bulkhead._enter(who)
            taken.callback(bulkhead._leave, who)
        yield taken


def test_one_token_reads_two_files_at_a_time(app: Flask, api: FlaskClient, reader: FlaskClient, mailing: None) -> None:
    reading = [api.get(REPORT) for _ in range(bulkhead.BY_ONE)]
    refused = api.get(REPORT)
    problem(refused, 429)
    assert refused.headers["Retry-After"] == str(bulkhead.RETRY_AFTER)
    with closing(reader.get(REPORT)) as another:
        assert another.status_code == 200
    reading.pop().close()
    with closing(api.get(REPORT)) as again:
        assert again.status_code == 200
    reading.pop().close()


def test_who_is_beyond_all_places_waits(api: FlaskClient, mailing: None, full: ExitStack) -> None:
    problem(api.get(REPORT), 429)
    problem(api.post("/api/v1/clients/import", data=b"phone\n79001234567\n", content_type="text/csv"), 429)
    assert api.get("/api/v1/clients").json == {"items": [], "next": None}
    full.close()
    assert api.post("/api/v1/clients/import", data=b"phone\n79001234567\n", content_type="text/csv").status_code == 200


@pytest.mark.parametrize("address", STREAMS)
@pytest.mark.parametrize(
    ("language", "title"), [("en", "This is too much at once"), ("ru", "Это слишком много за один раз")]
)
def test_a_page_says_so_in_the_language_of_its_reader(
    operator: FlaskClient, mailing: None, full: ExitStack, address: str, language: str, title: str
) -> None:
    with operator.session_transaction() as session:
        session["language"] = language
    answer = operator.get(address)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert title in answer.text


def test_a_file_that_is_brought_takes_a_place_and_its_form_none(operator: FlaskClient, full: ExitStack) -> None:
    def bring() -> int:
        given = token | {"file": (BytesIO(b"phone\n79001234567\n"), "clients.csv")}
        return operator.post("/clients/import", data=given, content_type="multipart/form-data").status_code

    token = fields(operator.get("/clients/import").text, "csrf_token")
    assert bring() == 429
    full.close()
    assert bring() == 302


def test_nothing_is_noted_of_an_export_that_was_refused(operator: FlaskClient, full: ExitStack) -> None:
    before = len(audit.listing().items)
    assert operator.get("/clients/export.csv").status_code == 429
    assert len(audit.listing().items) == before


def test_whatever_ends_without_a_stream_makes_room_at_once(api: FlaskClient, mailing: None) -> None:
    for _ in range(2 * bulkhead.AT_ONCE):
        assert api.get("/api/v1/mailings/99/report.csv").status_code == 404
        assert api.post("/api/v1/clients/import", data=b"", content_type="text/csv").status_code == 422
        with closing(api.head(REPORT)) as head:
            assert head.status_code == 200
    assert not bulkhead._inside


def test_an_answer_that_nobody_closes_makes_room_when_it_is_forgotten(app: Flask, mailing: None) -> None:
    program = with_token(app, Scope.READ)
    for _ in range(2 * bulkhead.AT_ONCE):
        assert program.get(REPORT).status_code == 200


def test_all_who_move_files_are_told_of_in_the_document(app: Flask, visitor: FlaskClient) -> None:
    document = visitor.get("/apispec.json").json
    told = {
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "429" in operation["responses"]
    }
    assert {("get", "/mailings/{mailing_id}/report.csv"), ("post", "/clients/import")} <= told
    assert "Retry-After" in document["components"]["responses"]["429"]["headers"]


def test_every_stream_is_behind_the_bulkhead(app: Flask) -> None:
    named = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.endswith(".csv")}
    assert [name for name in sorted(named) if not bulkhead.is_bulky(app.view_functions[name], "GET")] == []
