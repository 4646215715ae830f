"""The pages of imports, used through their own forms."""

import io
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mailing_app import clients, clock, imports
from mailing_app.db import transaction
from mailing_app.imports import receiving
from mailing_app.models import Dispatcher
from tests.web.pages import faults, fields, press

FILE = "Телефон;Метка\r\n7,9E+10;осень\r\n8 (900) 123-45-67;осень\r\n#Н/Д;\r\n"


def brought(browser: FlaskClient, file: bytes, name: str = "some.csv") -> TestResponse:
    sent = fields(browser.get("/clients/import").text, "file")
    return browser.post("/clients/import", data=sent | {"file": (io.BytesIO(file), name)})


def worked() -> None:
    while imports.work("here", lambda _: False) or imports.work("here", lambda _: False):
        pass


def in_russian(browser: FlaskClient) -> None:
    with browser.session_transaction() as session:
        session["language"] = "ru"


def test_the_way_of_a_file(operator: FlaskClient) -> None:
    answer = brought(operator, FILE.encode("cp1251"))
    assert (answer.status_code, answer.location) == (302, "/clients/imports/1")
    waiting = operator.get("/clients/imports/1").text
    assert "0 of 3 rows checked" in waiting
    assert "no dispatcher is running" in waiting
    worked()
    page = operator.get("/clients/imports/1").text
    assert "Import the 1 good row" in page
    assert clients.listing().items == []
    press(operator, "/clients/imports/1/store", "/clients/imports/1")
    worked()
    assert [(client.phone, client.tag) for client in clients.listing().items] == [("79001234567", "осень")]
    listed = operator.get("/clients/imports").text
    assert "some.csv" in listed
    assert "operator" in listed


@pytest.mark.parametrize(("language", "sentence"), [
    ("en", "Excel shortened this number; the digits are lost."),
    ("ru", "Excel сократил этот номер, цифры потеряны."),
])  # fmt: skip
def test_the_fault_stands_in_its_cell(operator: FlaskClient, language: str, sentence: str) -> None:
    brought(operator, FILE.encode())
    if language == "ru":
        in_russian(operator)
    page = operator.get("/clients/imports/1").text
    cell = re.search(
        r'<td class="faulty" aria-describedby="([^"]+)"><span class="given">7,9E\+10</span>(.*?)</td>', page
    )
    assert cell
    assert f'id="{cell[1]}"' in cell[2]
    assert sentence in cell[2]
    assert page.count('class="faulty"') == 2
    assert "+7 900 123-45-67" in page


def test_columns_are_said_by_hand(operator: FlaskClient) -> None:
    brought(operator, b"who,what\nx,79001234567\n1,2\n")
    worked()
    sent = fields(operator.get("/clients/imports/1").text, "columns-0")
    assert (sent["columns-0"], sent["columns-1"]) == ("", "phone")  # by what stands below
    answer = operator.post("/clients/imports/1/columns", data=sent | {"columns-0": "phone"})
    assert answer.status_code == 422
    assert "Two columns cannot fill the same field." in answer.text
    assert fields(answer.text, "columns-0")["columns-0"] == "phone"
    assert operator.post("/clients/imports/1/columns", data=sent | {"columns-1": ""}).status_code == 422
    assert operator.post("/clients/imports/1/columns", data=sent | {"columns-1": "nonsense"}).status_code == 422
    assert operator.post("/clients/imports/1/columns", data=sent | {"columns-0": "tag"}).status_code == 302
    worked()
    press(operator, "/clients/imports/1/store", "/clients/imports/1")
    worked()
    assert [client.tag for client in clients.listing().items] == ["x"]


def test_the_faulty_rows_as_a_file(operator: FlaskClient) -> None:
    brought(operator, FILE.encode())
    worked()
    in_russian(operator)
    answer = operator.get("/clients/imports/1/faulty.csv")
    assert answer.mimetype == "text/csv"
    lines = answer.text.splitlines()
    assert lines[0] == "\ufeffТелефон;Метка;Что не так"
    assert lines[1].startswith("7,9E+10;осень;Excel сократил этот номер")
    assert len(lines) == 3


def test_faulty_rows_go_on_behind_the_first_page(operator: FlaskClient) -> None:
    brought(operator, b"phone\n" + b"12\n" * 120)
    worked()
    page, seen = "/clients/imports/1/faulty", 0
    while page:
        text = operator.get(page).text
        seen += text.count('class="faulty"')
        link = re.search(r'rel="next" href="([^"]+)"', text)
        page = link[1] if link else ""
    assert seen == 120


@pytest.mark.parametrize(("file", "told"), [
    (None, "Choose a file."),
    (b"phone\n", receiving.NO_ROWS),
    (b"PK\x03\x04", "This is a workbook of a spreadsheet. Save it there as CSV, and choose that file."),
])  # fmt: skip
def test_a_file_that_is_none_is_refused_beside_the_field(operator: FlaskClient, file: bytes | None, told: str) -> None:
    sent = fields(operator.get("/clients/import").text, "file")
    given = {"file": (io.BytesIO(file), "some.csv")} if file else {}
    answer = operator.post("/clients/import", data=sent | given, content_type="multipart/form-data")
    assert answer.status_code in (409, 422)
    assert list(faults(answer.text)) == [told]


def test_an_import_is_dropped_after_asking(operator: FlaskClient) -> None:
    brought(operator, FILE.encode())
    assert "Drop the import of some.csv?" in operator.get("/clients/imports/1/drop").text
    press(operator, "/clients/imports/1/drop", "/clients/imports/1/drop")
    page = operator.get("/clients/imports/1").text
    assert "Its rows are deleted." in page
    assert "7,9E+10" not in page


def test_while_a_dispatcher_lives_nothing_is_said_to_wait(operator: FlaskClient) -> None:
    brought(operator, FILE.encode())
    now = clock.now()
    with transaction() as session:
        session.add(Dispatcher(host="here", pid=1, process_began="", started_at=now, beat_at=now))
    assert "no dispatcher is running" not in operator.get("/clients/imports/1").text


def test_a_viewer_looks_and_touches_nothing(operator: FlaskClient, viewer: FlaskClient) -> None:
    brought(operator, FILE.encode())
    worked()
    page = viewer.get("/clients/imports/1")
    assert page.status_code == 200
    assert "Import the" not in page.text
    assert press(viewer, "/clients/imports/1/store", "/").status_code == 403
    assert viewer.get("/clients/import").status_code == 403


def test_a_large_file_is_taken_here_and_nowhere_else(operator: FlaskClient) -> None:
    row = b"79001234567," + b"x" * 1000 + b"\n"
    answer = brought(operator, b"phone,tag\n" + row * 3000)
    answer.request.environ["wsgi.input"].close()  # the test's own copy
    assert answer.status_code == 302
    assert imports.get(1).lines == 3000
