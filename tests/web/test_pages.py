"""What holds for every page."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from config import ROOT
from tests.web.things import HOSTILE

EMPTY = [
    "/", "/live", "/clients", "/clients/new", "/clients/import", "/clients/imports",
    "/clients/export.csv", "/mailings", "/mailings/new",
    "/reports", "/reports/mailings.csv", "/reports/over-time", "/reports/over-time?by=week", "/reports/not-reached",
    "/reports", "/reports/mailings.csv", "/reports/messages.csv",
    "/operators", "/operators/new", "/operators/tokens/new", "/login", "/metrics",
    "/gateway", "/gateway/live", "/gateway?span=day", "/gateway/stop", "/search", "/clients/opt-outs",
    "/status", "/status/live",
    "/clients/opt-outs/new", "/clients/retag", "/clients/delete",
    "/mailings/test", "/mailings/drafts",
    "/operators/1", "/operators/1/password", "/operators/1/deactivate", "/audit", "/profile", "/profile/password",
]  # fmt: skip
FILLED = [
    *EMPTY, "/clients/1", "/clients/1/edit", "/clients/1/left-out", "/clients/1/opt-in", "/clients/1/delete",
    "/mailings/1", "/mailings/1/live", "/mailings/1/edit",
    "/mailings/1/pause", "/mailings/1/cancel", "/mailings/1/delete", "/mailings/1/send-uncertain",
    "/clients/imports/1", "/clients/imports/1/live", "/clients/imports/1/faulty", "/clients/imports/1/faulty.csv",
    "/clients/imports/1/drop",
    "/mailings/1/report.csv", "/mailings/1/copy", "/mailings/1/remainder", "/mailings/test?of=1", "/messages/1",
    "/mailings/1/report",
]  # fmt: skip
LETTER = ROOT / "templates" / "letters" / "report.html"
"""No page: readers of mail know styles in tags only."""
TEMPLATES = sorted(set((ROOT / "templates").rglob("*.html")) - {LETTER})


@pytest.mark.parametrize("path", EMPTY)
def test_a_page_with_nothing_on_it(admin: FlaskClient, path: str) -> None:
    assert admin.get(path).status_code == 200


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize("path", FILLED)
def test_a_page_escapes_what_it_shows(admin: FlaskClient, filled: None, path: str, language: str) -> None:
    with admin.session_transaction() as session:
        session["language"] = language
    answer = admin.get(path)
    assert answer.status_code == 200
    assert HOSTILE not in answer.text or answer.mimetype == "text/csv"


@pytest.mark.parametrize("path", [*FILLED, "/nothing", "/static/css/base.css", "/healthz", "/readyz"])
def test_every_answer_has_the_policy(admin: FlaskClient, filled: None, path: str) -> None:
    with admin.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_needs_what_the_policy_forbids(template: Path) -> None:
    html = template.read_text()
    assert not re.search(r"\sstyle\s*=|<style|\son[a-z]+\s*=\s*[\"']|javascript:", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)


@pytest.mark.parametrize("path", ["/clients/7", "/mailings/7", "/messages/7", "/mailings/7/report.csv", "/nothing",
                                  "/clients/imports/7",
                                  "/clients/0", "/mailings/" + "9" * 18, "/mailings/" + "9" * 5000])  # fmt: skip
def test_what_is_not_there_has_a_page_that_says_so(operator: FlaskClient, path: str) -> None:
    answer = operator.get(path)
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert re.search(r"Number of this request: [0-9a-f]{16}", answer.text)


def test_a_method_that_a_page_does_not_know(operator: FlaskClient) -> None:
    answer = operator.get("/logout")
    assert (answer.status_code, answer.allow.as_set()) == (405, {"options", "post"})


def test_a_body_beyond_all_measure(operator: FlaskClient) -> None:
    answer = operator.post("/clients/new", data={"tag": "x" * 2**21})
    assert answer.status_code == 413


def test_senseless_filters_are_told_and_filter_nothing(operator: FlaskClient, filled: None) -> None:
    page = operator.get("/clients?phone=abc&after=%F0&limit=0&timezone=Mars")
    assert page.status_code == 200
    assert "A phone number has digits only, no letters." in page.text
    assert "+7 900" in page.text


@pytest.mark.parametrize(
    "path", ["/clients", "/mailings", "/mailings/1", "/clients/retag", "/clients/delete", "/audit"]
)
def test_no_parameter_decides_where_a_link_leads(admin: FlaskClient, filled: None, path: str) -> None:
    """What comes in an address goes on in those of the links, but not as an argument of Flask's `url_for`."""
    answer = admin.get(f"{path}?tag=x&name=x&_scheme=javascript&_external=1&_anchor=x&endpoint=x&mailing_id=7&limit=1")
    assert answer.status_code == 200
    addresses = re.findall(r'(?:href|action)="([^"]*)"', answer.text)
    assert [address for address in addresses if not re.match(r"[/#]|$", address)] == []
    assert not re.search(r"javascript:|/mailings/7|#x", answer.text)


def test_the_practice_gateway_is_told_on_every_page_only_while_it_is_used(operator: FlaskClient) -> None:
    assert "127.0.0.1:8090" not in operator.get("/clients").text
