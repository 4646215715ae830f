"""Error pages that must not need what has just failed."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from mailing_app import clients


def test_a_database_that_is_away_is_told_with_when_to_try_again(
    operator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "listing", failing(OperationalError("SELECT", {}, Exception("gone"))))
    answer = operator.get("/clients")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "The service cannot answer right now" in answer.text
    assert "gone" not in answer.text


def test_a_fault_of_our_own_tells_no_internals(operator: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "listing", failing(ZeroDivisionError("secret detail")))
    answer = operator.get("/clients")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert "Number of this request:" in answer.text


def failing(error: Exception):
    def listing(**given: object) -> None:
        raise error

    return listing
