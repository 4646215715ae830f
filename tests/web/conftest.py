"""Pages with something on them."""

from collections.abc import Iterator

import pytest
from flask import Flask, g, request_started
from flask.testing import FlaskClient
from flask_babel import refresh

from mailing_app.models import Role
from tests.conftest import signed_in
from tests.web.things import one_of_everything


@pytest.fixture(autouse=True)
def own_language_for_each_request(app: Flask) -> Iterator[None]:
    """The tests keep one application context open, which would remember the first request's language and token."""

    def forget(*_: object, **__: object) -> None:
        refresh()
        g.pop("csrf_token", None)

    with request_started.connected_to(forget, app):
        yield


@pytest.fixture
def viewer(app: Flask) -> FlaskClient:
    """A browser in which a viewer is signed in."""
    return signed_in(app, Role.VIEWER)


@pytest.fixture
def filled(app: Flask) -> None:
    """One of everything in the tables."""
    one_of_everything()
