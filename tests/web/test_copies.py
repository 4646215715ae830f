"""What is made from a mailing that is there: copies, remainders, tests."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from mailing_app import clients, clock, mailings
from mailing_app.models import Mailing
from tests.factories import a_client, a_filter, a_mailing, some_clients
from tests.mailings.test_remainder import FAILED, SENT, UNCERTAIN, audience, ended
from tests.web.pages import faults, fields, press, submit


def test_a_copy_begins_now_and_lasts_as_long_and_nothing_is_stored_before_it_is_sent(operator: FlaskClient) -> None:
    start = clock.now() - timedelta(days=3)
    a_mailing(
        name="Autumn", text="Hi", starts_at=start, ends_at=start + timedelta(hours=5), filter=a_filter(tags=["a"])
    )
    assert "/mailings/1/copy" in operator.get("/mailings/1").text
    operator.get("/mailings/1/copy")
    assert len(mailings.listing().items) == 1
    assert submit(operator, "/mailings/1/copy", {}, having="text", insist=True).location == "/mailings/2"
    copy = mailings.get(2)
    assert (copy.name, copy.text, copy.filter) == ("Autumn (copy)", "Hi", a_filter(tags=["a"]))
    assert copy.ends_at - copy.starts_at == timedelta(hours=5)
    assert abs(copy.starts_at - clock.now()) < timedelta(minutes=2)


def test_those_not_reached_are_written_to_again(operator: FlaskClient) -> None:
    people = some_clients(4, tag="vip")
    ended(SENT, FAILED, UNCERTAIN, mailing=None)
    assert "/mailings/1/remainder" in operator.get("/mailings/1").text
    page = operator.get("/mailings/1/remainder").text
    assert "To the 2 clients who were not reached by <a" in page
    assert "(1)" in page
    checked = operator.post("/mailings/1/remainder", data=fields(page, "text") | {"check": "1"})
    assert "2 clients" in checked.text.split('id="preview"')[1]
    wish = {"with_uncertain": "y"}
    planned = submit(operator, "/mailings/1/remainder", wish, having="text", insist=True)
    assert planned.location == "/mailings/2"
    assert audience(mailings.get(2)) == [person.id for person in people[1:]]
    origin, again = operator.get("/mailings/1").text, operator.get("/mailings/2").text
    assert 'href="/mailings/2">Test (again)</a>' in origin
    assert "Those who were not reached by <a" in again
    assert "Also those of whom nobody knows it." in again
    assert "To those not reached" in operator.get("/mailings").text
    assert submit(operator, "/mailings/2/edit", {"name": "Other"}).status_code == 302
    assert mailings.get(2).with_uncertain
    form = fields(operator.get("/mailings/2/edit").text, "text") | {"check": "1"}
    assert "3 clients" in operator.post("/mailings/2/edit", data=form).text.split('id="preview"')[1]


def test_the_preview_of_a_remainder_follows_the_typing(operator: FlaskClient) -> None:
    some_clients(3)
    ended(SENT, FAILED)
    page = operator.get("/mailings/1/remainder").text
    assert 'data-preview="/mailings/preview?remainder_of=1"' in page
    form = fields(page, "text")
    assert "2 clients" in operator.post("/mailings/preview?remainder_of=1", data=form).text
    assert operator.post(f"/mailings/preview?remainder_of={'9' * 30}", data=form).status_code == 200


def test_a_draft_of_a_remainder_remembers_whose_it_is(operator: FlaskClient) -> None:
    some_clients(2)
    ended(SENT)
    submit(operator, "/mailings/1/remainder", {"keep": "1"}, having="text")
    assert "/mailings/1/remainder?draft=1" in operator.get("/mailings/drafts").text
    planned = submit(operator, "/mailings/1/remainder?draft=1", {}, having="text", insist=True)
    assert planned.location == "/mailings/2"
    assert mailings.get(2).remainder_of == 1


def test_a_mailing_that_is_not_over_has_no_remainder(operator: FlaskClient) -> None:
    a_client()
    a_mailing()
    assert "/mailings/1/remainder" not in operator.get("/mailings/1").text
    answer = submit(operator, "/mailings/1/remainder", {}, having="text", insist=True)
    assert answer.status_code == 409
    assert "That mailing is not over yet" in answer.text


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_test_goes_to_one_phone_from_a_mailing_and_from_an_unfinished_form(
    operator: FlaskClient, language: str
) -> None:
    with operator.session_transaction() as session:
        session["language"] = language
    mine = a_client()
    a_mailing(name="Autumn", text="Hi")
    some_clients(2)
    assert "/mailings/test?of=1" in operator.get("/mailings/1").text
    assert submit(operator, "/mailings/test?of=1", {"phone": mine.phone}).location == "/mailings/2"
    assert audience(mailings.get(2)) == [mine.id]
    assert "Autumn" in mailings.get(2).name
    typing = {"name": "New", "text": "Typed", "ends_at": "", "test": "1"}
    page = operator.post("/mailings/test", data=fields(operator.get("/mailings/new").text, "text") | typing)
    assert page.status_code == 200
    form = fields(page.text, "phone") | {"phone": mine.phone}
    assert {operator.post("/mailings/test", data=form).location for _ in range(2)} == {"/mailings/3"}
    assert operator.post("/mailings/test", data=form | {"text": "Other"}).status_code == 302
    assert (mailings.get(3).text, Mailing.query.count()) == ("Typed", 4)
    assert "/mailings/3/edit" not in operator.get("/mailings/3").text


def test_a_phone_that_nobody_has_is_added_on_wish(operator: FlaskClient) -> None:
    phone = {"phone": "8 900 555-44-33", "text": "Hi"}
    answer = submit(operator, "/mailings/test", phone)
    assert answer.status_code == 409
    assert list(faults(answer.text)) == ["No client has this phone."]
    assert fields(answer.text, "phone")["phone"] == phone["phone"]
    assert submit(operator, "/mailings/test", phone | {"adding": "y"}).location == "/mailings/1"
    assert [client.phone for client in clients.listing().items] == ["79005554433"]
    assert submit(operator, "/mailings/test", {"phone": "abc", "text": ""}).status_code == 422


def test_mailings_are_found_by_a_part_of_their_name(operator: FlaskClient) -> None:
    a_mailing(name="Осенняя 100%")
    a_mailing(name="Winter")
    for part, found in (("осен", ["Осенняя 100%"]), ("%", ["Осенняя 100%"]), ("WINT", ["Winter"]), ("x", [])):
        page = operator.get("/mailings", query_string={"name": part}).text
        assert [name for name in ("Осенняя 100%", "Winter") if f">{name}</a>" in page] == found
    press(operator, "/mailings/1/cancel")
    assert "No mailing has this in its name." in operator.get("/mailings?name=осен&phase=running").text
