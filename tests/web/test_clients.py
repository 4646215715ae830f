"""The pages of clients, used through their own forms."""

import io
import re

import pytest
from flask.testing import FlaskClient

from mailing_app import clients
from tests.factories import a_client, some_clients
from tests.web.pages import faults, fields, press, submit


def test_a_client_is_added(operator: FlaskClient) -> None:
    answer = submit(operator, "/clients/new", {"phone": "8 (900) 123-45-67", "tag": "vip"})
    assert (answer.status_code, answer.location) == (302, "/clients")
    page = operator.get("/clients").text
    assert "The client is added." in page
    assert "+7 900 123-45-67" in page
    client = clients.get(1)
    assert (client.operator_code, client.tag, client.timezone) == ("900", "vip", "Europe/Moscow")


def test_what_is_wrong_stands_beside_its_field_and_all_that_was_typed_is_kept(operator: FlaskClient) -> None:
    typed = {"phone": "79001234567", "operator_code": "9x", "timezone": "Mars/Base", "tag": "kept"}
    answer = submit(operator, "/clients/new", typed)
    assert answer.status_code == 422
    assert list(faults(answer.text)) == [
        "Must be 3 digits.",
        "Is not the IANA name of a time zone, like Europe/Moscow.",
    ]
    assert typed.items() <= fields(answer.text, "phone").items()
    assert re.findall(r'<input[^>]*autofocus[^>]*id="(\w+)"', answer.text) == ["operator_code"]
    assert not clients.listing().items


def test_a_phone_that_another_client_has_is_refused_beside_it(operator: FlaskClient) -> None:
    a_client(phone="79001234567")
    answer = submit(operator, "/clients/new", {"phone": "79001234567"})
    assert answer.status_code == 409
    assert list(faults(answer.text)) == ["Another client has this phone."]


def test_a_form_sent_back_untouched_changes_nothing(operator: FlaskClient) -> None:
    a_client(tag="one, with a comma")
    submit(operator, "/clients/1", {}, having="version")
    assert clients.get(1).tag == "one, with a comma"


def test_a_client_is_changed(operator: FlaskClient) -> None:
    a_client()
    assert submit(operator, "/clients/1", {"tag": "new"}).status_code == 302
    assert clients.get(1).tag == "new"


def test_the_second_of_two_editors_is_told_and_keeps_what_was_typed(operator: FlaskClient) -> None:
    a_client()
    opened = fields(operator.get("/clients/1").text, "version")
    clients.change(1, tag="theirs")
    answer = operator.post("/clients/1", data=opened | {"tag": "mine"})
    assert answer.status_code == 409
    assert "Somebody changed this meanwhile." in answer.text
    assert fields(answer.text, "version")["tag"] == "mine"
    assert clients.get(1).tag == "theirs"


def test_a_client_is_erased_after_asking(operator: FlaskClient) -> None:
    a_client()
    assert "Delete the client +7 900" in operator.get("/clients/1/delete").text
    assert clients.listing().items
    press(operator, "/clients/1/delete")
    assert not clients.listing().items


def test_a_list_goes_on_behind_the_first_page(operator: FlaskClient) -> None:
    some_clients(3, tag="vip")
    first = operator.get("/clients?limit=2&tag=vip").text
    link = re.search(r'rel="next" href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = operator.get(link).text
    assert first.count('class="phone"') == 2
    assert second.count('class="phone"') == 1
    assert "First page" in second


def test_good_rows_are_imported_and_bad_ones_listed(operator: FlaskClient) -> None:
    file = b"phone,tag\n79001234567,vip\n12,bad\n"
    sent = fields(operator.get("/clients/import").text, "file")
    answer = operator.post("/clients/import", data=sent | {"file": (io.BytesIO(file), "some.csv")})
    assert answer.status_code == 200
    assert "This phone number has too few digits." in answer.text
    assert re.search(r'<td class="number">3</td>\s*<td>phone</td>', answer.text)
    assert [client.tag for client in clients.listing().items] == ["vip"]


@pytest.mark.parametrize(("file", "told"), [
    (None, "Choose a file."),
    (b"name\nx\n", "The first line must name the columns, `phone` among them."),
])  # fmt: skip
def test_a_file_that_is_none_is_refused_beside_the_field(operator: FlaskClient, file: bytes | None, told: str) -> None:
    sent = fields(operator.get("/clients/import").text, "file")
    given = {"file": (io.BytesIO(file), "some.csv")} if file else {}
    answer = operator.post("/clients/import", data=sent | given, content_type="multipart/form-data")
    assert answer.status_code in (409, 422)
    assert list(faults(answer.text)) == [told]


def test_the_export_is_what_the_import_takes(operator: FlaskClient) -> None:
    a_client(phone="79001234567", tag="=1+1")
    answer = operator.get("/clients/export.csv")
    assert answer.headers["Content-Disposition"] == "attachment; filename=clients.csv"
    assert answer.text == "\ufeffphone,operator_code,tag,timezone\r\n79001234567,900,'=1+1,Europe/Moscow\r\n"
