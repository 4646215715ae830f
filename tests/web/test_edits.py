"""Two editors of one thing: the second is told what the first stored, and loses nothing."""

from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clients, mailings
from mailing_app.models import Role
from tests.conftest import signed_in
from tests.factories import a_client, a_mailing
from tests.web.pages import fields, submit
from tests.web.things import HOSTILE


def stored(page: str) -> list[str]:
    """What is told to be stored now, field by field."""
    return [piece.split("</q>")[0] for piece in page.split("<q>")[1:]]


def test_the_second_sees_what_the_first_stored_and_may_overwrite_it(app: Flask, operator: FlaskClient) -> None:
    mailing = a_mailing(name="Before", text="Text before")
    mine = fields(operator.get("/mailings/1/edit").text, "text") | {"name": "Mine", "filter-tags": "vip"}
    theirs = {"name": HOSTILE, "text": "Their text", "window-from": "09:00", "window-to": "21:00"}
    assert submit(signed_in(app, Role.ADMIN), "/mailings/1/edit", theirs).status_code == 302
    answer = operator.post("/mailings/1/edit", data=mine)
    assert answer.status_code == 409
    assert "admin changed it on" in answer.text
    assert stored(answer.text) == ["&lt;script&gt;alert(1)&lt;/script&gt;", "Their text", "09:00", "21:00"]
    again = fields(answer.text, "text")
    assert {name: again[name] for name in ("name", "text", "filter-tags")} == {
        "name": "Mine", "text": "Text before", "filter-tags": "vip",
    }  # fmt: skip
    assert operator.post("/mailings/1/edit", data=again).status_code == 302
    kept = mailings.get(1)
    assert (kept.name, kept.text, kept.filter["tags"], kept.window) == ("Mine", "Text before", ["vip"], None)
    assert kept.ends_at == mailing.ends_at


def test_of_clients_the_same(app: Flask, operator: FlaskClient) -> None:
    a_client(tag="before")
    mine = fields(operator.get("/clients/1/edit").text, "tag") | {"operator_code": "999"}
    clients.change(1, tag="theirs")
    answer = operator.post("/clients/1/edit", data=mine)
    assert (answer.status_code, stored(answer.text)) == (409, ["theirs"])
    assert "changed it on" in answer.text
    assert operator.post("/clients/1/edit", data=fields(answer.text, "tag")).status_code == 302
    assert (clients.get(1).tag, clients.get(1).operator_code) == ("before", "999")


def test_what_both_changed_alike_is_no_quarrel(operator: FlaskClient) -> None:
    a_mailing()
    mine = fields(operator.get("/mailings/1/edit").text, "text") | {"name": "New"}
    for _ in range(2):  # a double click
        assert operator.post("/mailings/1/edit", data=mine).status_code == 302
    a_client()
    mine = fields(operator.get("/clients/1/edit").text, "tag") | {"tag": "new"}
    for _ in range(2):
        assert operator.post("/clients/1/edit", data=mine).status_code == 302


def test_a_change_elsewhere_in_the_mailing_is_told_without_a_field(operator: FlaskClient) -> None:
    a_mailing()
    mine = fields(operator.get("/mailings/1/edit").text, "text") | {"name": "Mine"}
    mailings.pause(1)
    answer = operator.post("/mailings/1/edit", data=mine)
    assert (answer.status_code, stored(answer.text)) == (409, [])


def test_moments_are_told_as_people_read_them(operator: FlaskClient) -> None:
    mailing = a_mailing()
    mine = fields(operator.get("/mailings/1/edit").text, "text") | {"name": "Mine"}
    mailings.change(1, ends_at=mailing.ends_at + timedelta(days=700))
    (told,) = stored(operator.post("/mailings/1/edit", data=mine).text)
    assert "T" not in told
    assert ", " in told
