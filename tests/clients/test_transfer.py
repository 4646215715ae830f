"""Clients from CSV and to CSV."""

import io
import multiprocessing

import pytest
from flask import Flask, current_app

from mailing_app import clients
from mailing_app.clients import ImportResult, transfer
from mailing_app.errors import Refused
from mailing_app.forms import ClientForm
from mailing_app.models import Client
from tests.factories import a_client


def imported(text: str, encoding: str = "utf-8", ahead: bool = False) -> ImportResult:
    with current_app.test_request_context():
        return clients.import_csv(io.BytesIO(text.encode(encoding)), ClientForm.of_texts(), ahead=ahead)


def everyone() -> list[tuple[str | None, str, str, str]]:
    found: list[Client] = clients.listing(limit=500).items
    return [(client.phone, client.operator_code, client.tag, client.timezone) for client in found]


def test_the_good_rows_are_in_and_the_bad_ones_listed(app: Flask) -> None:
    result = imported(
        "phone,operator_code,tag,timezone\n"
        "+7 (900) 123-45-67,,vip,Asia/Omsk\n"
        "8 900 123 45 68,911,,\n"
        "12345,,,\n"
        "\n"
        "79001234569,9x,,Mars/Base\n"
    )
    assert (result.created, result.updated, result.unchanged, result.rejected) == (2, 0, 0, 2)
    assert [(error["line"], error["field"]) for error in result.errors] == [
        (4, "phone"), (6, "operator_code"), (6, "timezone"),
    ]  # fmt: skip
    assert everyone() == [
        ("79001234567", "900", "vip", "Asia/Omsk"),
        ("79001234568", "911", "", "Europe/Moscow"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_what_spreadsheets_write(app: Flask, encoding: str, delimiter: str) -> None:
    result = imported(f"Телефон{delimiter}Тег\r\n8 900 123-45-67{delimiter}осень\r\n", encoding)
    assert result.created == 1
    assert everyone()[0][2] == "осень"


def test_importing_again_updates_what_differs_and_nothing_else(app: Flask) -> None:
    text = "phone,tag\n79001234567,a\n79001234568,b\n"
    imported(text)
    again = imported(text.replace("b", "c") + "79001234569,d\n")
    assert (again.created, again.updated, again.unchanged) == (1, 1, 1)
    assert [client.version for client in clients.listing().items] == [1, 2, 1]


def test_a_column_that_is_not_there_is_left_as_it_is(app: Flask) -> None:
    a_client(phone="79001234567", tag="vip", timezone="Asia/Omsk")
    assert imported("phone\n79001234567\n").unchanged == 1
    assert imported("phone,tag\n79001234567,new\n").updated == 1
    assert everyone() == [("79001234567", "900", "new", "Asia/Omsk")]


def test_a_phone_twice_in_a_file_takes_the_last_word(app: Flask) -> None:
    result = imported("phone,tag\n79001234567,a\n89001234567,b\n")
    assert (result.created, result.updated) == (1, 1)
    assert everyone()[0][2] == "b"


@pytest.mark.parametrize("ahead", [False, True])
def test_many_chunks(app: Flask, monkeypatch: pytest.MonkeyPatch, ahead: bool) -> None:
    """One of them of bad rows alone, which opens no transaction."""
    monkeypatch.setattr(transfer, "ROWS_A_CHUNK", 7)
    rows = "".join(f"7900{number:07}\n" for number in range(50))
    result = imported("phone\n" + rows + "x\n" * 16 + rows, ahead=ahead)
    assert (result.created, result.unchanged, result.rejected) == (50, 50, 16)
    assert [error["line"] for error in result.errors] == list(range(52, 68))
    assert {error["field"] for error in result.errors} == {"phone"}


def test_what_is_stored_before_a_fault_stays(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the rows are made by another process, which ends with the import."""
    monkeypatch.setattr(transfer, "ROWS_A_CHUNK", 7)

    def full(_rows: int) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"), current_app.test_request_context():
        text = "phone\n" + "".join(f"7900{number:07}\n" for number in range(50))
        clients.import_csv(io.BytesIO(text.encode()), ClientForm.of_texts(), full, ahead=True)
    assert len(everyone()) == 7
    assert not multiprocessing.active_children()


def test_export_and_import_come_back_to_the_same(app: Flask) -> None:
    for tag in ("=1+1", "'quoted", 'a "b", c', "@x", "осень"):
        a_client(tag=tag)
    before, exported = everyone(), b"".join(clients.export_csv()).decode()
    assert "\r\n7" in exported
    assert ",=1+1" not in exported
    assert imported(exported).unchanged == len(before)
    assert everyone() == before


@pytest.mark.parametrize("text", ["", "\n\n", "name,tag\nx,y\n", "\x00\x01\x02", "79001234567\n"])
def test_a_file_without_a_phone_column_is_refused(app: Flask, text: str) -> None:
    with pytest.raises(Refused) as refusal:
        imported(text)
    assert refusal.value.field == "file"


def test_faults_are_counted_all_and_listed_up_to_a_bound(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MOST_ERRORS", 3)
    result = imported("phone\n" + "x\n" * 10)
    assert (result.rejected, len(result.errors)) == (10, 3)
