"""Finding a client from any page."""

import pytest
from flask.testing import FlaskClient

from mailing_app import clients
from tests.factories import a_client
from tests.web.pages import faults, fields


@pytest.mark.parametrize(
    "typed", ["8 900 123-45-67", "+7(900)1234567", "7900\u00a0123\u00a045\u00a067", "4567", "123-45-67"]
)
def test_any_spelling_leads_straight_to_the_client(viewer: FlaskClient, typed: str) -> None:
    a_client()
    found = a_client(phone="79001234567")
    answer = viewer.get("/search", query_string={"phone": typed})
    assert (answer.status_code, answer.location) == (302, f"/clients/{found.id}")
    assert "+7 900 123-45-67" in viewer.get("/clients", query_string={"phone": "8(900) 1234567"}).text


def test_several_are_listed(operator: FlaskClient) -> None:
    a_client(phone="79001234567")
    a_client(phone="79111234567")
    page = operator.get("/search?phone=4567").text
    assert page.count('class="phone"') == 2
    assert "ends in 4567" in page


def test_a_phone_that_nobody_has_can_be_added(operator: FlaskClient, viewer: FlaskClient) -> None:
    clients.erase(a_client(phone="79001234567").id)
    page = operator.get("/search?phone=89001234567").text
    assert "No client has the phone +7 900 123-45-67." in page
    assert "erased" not in page
    assert fields(operator.get("/clients/new?phone=79001234567").text, "phone")["phone"] == "79001234567"
    assert fields(operator.get("/clients/new?phone=<x>").text, "phone")["phone"] == ""
    assert "Add a client with it" not in viewer.get("/search?phone=89001234567").text


def test_what_is_no_phone_is_told_beside_the_field(operator: FlaskClient) -> None:
    page = operator.get("/search?phone=12")
    assert (page.status_code, list(faults(page.text))) == (200, ["This phone number has too few digits."])
    assert list(faults(operator.get("/search?phone=Ada").text)) == ["A phone number has digits only, no letters."]
    assert list(faults(operator.get("/search?phone=%25%25%25%25").text))
