"""One's own password, language and time zone."""

from flask import Flask
from flask.testing import FlaskClient

from mailing_app import access, mailings
from tests.factories import PASSWORD, a_client
from tests.web.pages import faults, submit

NEW_PASSWORD = "staple of green ideas"


def test_moments_are_typed_and_told_in_ones_own_zone(operator: FlaskClient, api: FlaskClient, app: Flask) -> None:
    a_client()
    assert submit(operator, "/profile", {"timezone": "Asia/Vladivostok"}).location == "/profile"
    plan = {"text": "Hi", "starts_at": "2030-01-31T09:00", "ends_at": "2030-01-31T18:30"}
    assert submit(operator, "/mailings/new", plan, insist=True).status_code == 302
    assert mailings.get(1).starts_at.isoformat() == "2030-01-30T23:00:00+00:00"
    page = operator.get("/mailings/1").text
    assert "31 Jan 2030, 09:00" in page
    assert "Asia/Vladivostok (UTC+10)" in page
    assert 'value="2030-01-31T09:00"' in operator.get("/mailings/1/edit").text
    program = api.post("/api/v1/mailings", json=plan | {"filter": {}})
    assert program.json["starts_at"] == "2030-01-31T06:00:00Z"  # the default zone, whoever is signed in elsewhere


def test_the_profile_speaks_the_new_language_at_once_and_the_default_zone_comes_back(operator: FlaskClient) -> None:
    submit(operator, "/profile", {"language": "ru", "timezone": "Asia/Omsk"})
    page = operator.get("/profile").text
    assert "Настройки сохранены." in page
    assert 'value="Asia/Omsk"' in page
    submit(operator, "/profile", {"timezone": ""})
    assert "Europe/Moscow (UTC+3)" in operator.get("/profile").text
    wrong = submit(operator, "/profile", {"timezone": "Mars/Base"})
    assert wrong.status_code == 422
    assert len(list(faults(wrong.text))) == 1


def test_a_viewer_changes_the_password_and_stays_signed_in_here_only(viewer: FlaskClient) -> None:
    elsewhere = access.sign_in("viewer", PASSWORD)
    refused = submit(viewer, "/profile/password", {"present": "not the password", "password": NEW_PASSWORD})
    assert list(faults(refused.text)) == ["This is not your present password."]
    assert "not the password" not in refused.text
    changed = submit(viewer, "/profile/password", {"present": PASSWORD, "password": NEW_PASSWORD})
    assert changed.location == "/profile"
    assert "Your password is changed." in viewer.get("/profile").text
    assert access.signed_in(elsewhere) is None
    assert access.sign_in("viewer", NEW_PASSWORD)
