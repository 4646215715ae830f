"""Operators and tokens, for admins."""

from flask.testing import FlaskClient

from mailing_app import access
from tests.web.pages import faults, submit


def test_an_operator_is_added(admin: FlaskClient) -> None:
    new = {"name": "Anna", "password": "a long enough one", "role": "viewer"}
    assert submit(admin, "/operators/new", new).location == "/operators"
    assert "Anna" in admin.get("/operators").text


def test_a_name_twice_and_a_short_password_are_told_beside_their_fields(admin: FlaskClient) -> None:
    short = submit(admin, "/operators/new", {"name": "Anna", "password": "short", "role": "viewer"})
    assert list(faults(short.text)) == ["Must be at least 12 characters long."]
    twice = submit(admin, "/operators/new", {"name": "admin", "password": "a long enough one", "role": "viewer"})
    assert list(faults(twice.text)) == ["Another operator has this name."]


def test_a_token_is_shown_once(admin: FlaskClient) -> None:
    page = submit(admin, "/operators/tokens/new", {"name": "billing", "scope": "read"}).text
    secret = page.split('<code class="secret">')[1].split("<")[0]
    assert access.token(secret)
    listed = admin.get("/operators").text
    assert "billing" in listed
    assert secret not in listed
