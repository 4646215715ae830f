"""Every answer that a test of the API gets is held against the document."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app.models import Scope
from tests.api.contract import check
from tests.conftest import with_token


class Program(FlaskClient):
    """A test client that trusts no answer which the document does not allow."""

    def open(self, *given: Any, **named: Any) -> Any:
        answer = super().open(*given, **named)
        check(self.application, answer)
        return answer


@pytest.fixture
def api(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A program with a write token."""
    monkeypatch.setattr(app, "test_client_class", Program)
    return with_token(app, Scope.WRITE)


@pytest.fixture
def reader(app: Flask, monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A program with a read token."""
    monkeypatch.setattr(app, "test_client_class", Program)
    return with_token(app, Scope.READ)


@pytest.fixture
def specification(app: Flask) -> dict[str, Any]:
    """The document as it is served."""
    document: dict[str, Any] = app.test_client().get("/apispec.json").json
    return document
