"""However many messages there are: no page and no figure is read by going through them."""

import pytest
from flask import Flask
from sqlalchemy import select

from benchmarks import history
from benchmarks.reports import ASKED
from mailing_app import reports
from mailing_app.db import db
from mailing_app.models import Message, Role, Scope
from tests.conftest import signed_in, with_token
from tests.plans import planned

MESSAGES = 3_000


@pytest.fixture
def used(app: Flask) -> None:
    """A database as months of use leave it."""
    history.fill(MESSAGES)


def test_no_page_goes_through_the_messages(app: Flask, used: None) -> None:
    browser, program = signed_in(app, Role.OPERATOR), with_token(app, Scope.READ)
    faults = []
    for path in ASKED:
        asker = program if path.startswith("/api") else browser
        explained = planned(lambda asker=asker, path=path: asker.get(path), small=True)
        assert explained, path
        faults += [(path, each.plan, each.statement) for each in explained if each.scans]
    assert faults == []


def test_a_file_walks_an_index(app: Flask, used: None) -> None:
    explained = planned(lambda: b"".join(reports.period_csv()), small=True)
    assert [each.statement for each in explained if each.scans] == []


def test_a_scan_would_be_seen(app: Flask, used: None) -> None:
    [explained] = planned(lambda: db.session.execute(select(Message.id).where(Message.tries == 1)).all(), small=True)
    assert explained.scans


def test_the_figures_of_the_benchmark_are_those_of_its_messages(app: Flask, used: None) -> None:
    assert reports.check() == []
    assert reports.totals()["messages"]["recipients"] == MESSAGES
