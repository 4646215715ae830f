"""Operators and tokens, for admins."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import access
from mailing_app.models import Role
from tests.factories import PASSWORD, an_operator
from tests.web.pages import faults, press, submit


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


def test_an_operator_is_changed_and_shut_out_after_asking(app: Flask, admin: FlaskClient) -> None:
    anna = an_operator("Anna")
    secret = access.sign_in("Anna", PASSWORD)
    assert submit(admin, f"/operators/{anna}", {"name": "Anna B", "role": "operator"}).location == "/operators"
    assert access.signed_in(secret).role is Role.OPERATOR
    assert "Deactivate Anna B?" in admin.get(f"/operators/{anna}/deactivate").text
    assert access.signed_in(secret)
    assert press(admin, f"/operators/{anna}/deactivate").location == "/operators"
    assert access.signed_in(secret) is None
    assert "Deactivated" in admin.get("/operators").text
    assert press(admin, f"/operators/{anna}/reactivate").location == "/operators"
    weak = submit(admin, f"/operators/{anna}/password", {"password": "Anna B Anna B"})
    assert list(faults(weak.text)) == ["Is easily guessed. Take a few words that nobody else would put together."]
    assert submit(admin, f"/operators/{anna}/password", {"password": "staple of green ideas"}).status_code == 302
    assert access.sign_in("Anna B", "staple of green ideas")


def test_the_last_admin_is_told_why_to_stay(admin: FlaskClient) -> None:
    answer = submit(admin, "/operators/1", {"role": "viewer"}, having="role")
    assert answer.status_code == 409
    assert "This is the last active admin" in answer.text
    press(admin, "/operators/1/deactivate")
    assert "This is the last active admin" in admin.get("/operators").text


def test_a_token_ends_with_its_day_in_the_zone_of_who_made_it(app: Flask, admin: FlaskClient) -> None:
    access.change_profile(1, timezone="Asia/Vladivostok")
    new = {"name": "billing", "scope": "read", "expires_at": "2030-01-31"}
    page = submit(admin, "/operators/tokens/new", new).text
    secret = page.split('<code class="secret">')[1].split("<")[0]
    bearer = {"Authorization": f"Bearer {secret}"}
    assert access.tokens()[0].expires_at.isoformat() == "2030-01-31T13:59:59.999999+00:00"
    assert "31 Jan 2030, 23:59" in admin.get("/operators").text
    assert app.test_client().get("/api/v1/", headers=bearer).status_code == 200
    assert "Revoke the token “billing”?" in admin.get("/operators/tokens/1/revoke").text
    press(admin, "/operators/tokens/1/revoke")
    refused = app.test_client().get("/api/v1/", headers=bearer)
    assert refused.status_code == 401
    assert "invalid_token" in refused.headers["WWW-Authenticate"]
    assert "Revoked" in admin.get("/operators").text


@pytest.mark.parametrize(("day", "told"), [
    ("2020-01-31", "This day is over already."), ("soon", "Is not a day, like 2026-01-31."),
    ("2030-02-30", "Is not a day, like 2026-01-31."), ("20300131", "Is not a day, like 2026-01-31."),
])  # fmt: skip
def test_a_day_that_makes_no_sense_is_told(admin: FlaskClient, day: str, told: str) -> None:
    answer = submit(admin, "/operators/tokens/new", {"name": "billing", "scope": "read", "expires_at": day})
    assert list(faults(answer.text)) == [told]
    assert access.tokens() == []
