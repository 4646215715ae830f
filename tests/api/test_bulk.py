"""Many clients at once through the API: a list in, CSV out."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from mailing_app import access, audit, clients
from mailing_app.db import db
from mailing_app.forms.bulk import MOST_CLIENTS
from mailing_app.models import Action, Client, Scope
from tests.api.bodies import a_client_body
from tests.conftest import with_token
from tests.factories import a_client, a_crowd, a_phone, some_clients

CLIENTS = "/api/v1/clients"
URL = f"{CLIENTS}/bulk"
CSV = f"{CLIENTS}.csv"


def bring(program: FlaskClient, *wanted: Any, **given: Any) -> Any:
    return program.post(URL, json={"clients": list(wanted)} | given)


def statuses(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.json
    assert [told["index"] for told in answer.json["results"]] == list(range(len(answer.json["results"])))
    return [told["status"] for told in answer.json["results"]]


def test_each_client_of_a_list_is_told_what_became_of_it(api: FlaskClient) -> None:
    known = a_client(tag="old", timezone="Asia/Omsk")
    db.session.expunge_all()
    answer = bring(
        api,
        {"phone": "8 (901) 000-00-01", "tag": "new"},
        {"phone": known.phone, "tag": "new"},
        {"phone": "12", "colour": "red"},
        {"phone": known.phone, "timezone": "Asia/Omsk"},
    )
    assert statuses(answer) == ["created", "updated", "rejected", "unchanged"]
    added, updated, rejected, unchanged = answer.json["results"]
    assert (updated["id"], unchanged["id"], rejected["id"]) == (known.id, known.id, None)
    assert {name: answer.json[name] for name in ("created", "updated", "unchanged", "rejected")} == {
        "created": 1, "updated": 1, "unchanged": 1, "rejected": 1,
    }  # fmt: skip
    assert sorted(rejected["errors"]) == ["colour", "phone"]
    assert all(not told["errors"] for told in (added, updated, unchanged))
    shown = api.get(f"{CLIENTS}/{added['id']}").json
    assert (shown["phone"], shown["operator_code"], shown["timezone"]) == ("79010000001", "901", "Europe/Moscow")
    kept = api.get(f"{CLIENTS}/{known.id}")
    assert (kept.json["tag"], kept.json["timezone"], kept.headers["ETag"]) == ("new", "Asia/Omsk", '"2"')


def test_a_phone_that_comes_several_times_is_told_of_in_turn(api: FlaskClient) -> None:
    phone = a_phone()
    answer = bring(
        api, {"phone": phone, "tag": "a"}, {"phone": f"+{phone}", "timezone": "Asia/Omsk"}, {"phone": phone, "tag": "a"}
    )
    assert statuses(answer) == ["created", "updated", "unchanged"]
    [shown] = api.get(CLIENTS).json["items"]
    assert (shown["tag"], shown["timezone"]) == ("a", "Asia/Omsk")
    assert {told["id"] for told in answer.json["results"]} == {shown["id"]}


def test_a_single_fault_keeps_all_out_when_it_is_all_or_nothing(api: FlaskClient) -> None:
    wanted: list[Any] = [a_client_body() for _ in range(20)]
    wanted[17] = {"phone": "12", "tag": 5}
    wanted[19] = "79001234567"
    answer = bring(api, *wanted, all_or_nothing=True)
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"clients.17.phone", "clients.17.tag", "clients.19"}
    assert api.get(CLIENTS).json["items"] == []
    assert audit.listing(action=Action.CLIENTS_IMPORTED).items == []
    assert statuses(bring(api, *wanted[:17], all_or_nothing=True)) == ["created"] * 17


@pytest.mark.parametrize(
    "item",
    [
        {}, {"phone": None}, {"phone": True}, {"phone": 7.9}, {"phone": "12"}, {"phone": 2**70}, {"phone": ["7"]},
        {"phone": "79001234567", "tag": 5}, {"phone": "79001234567", "tag": "x" * 101},
        {"phone": "79001234567", "tag": "a\x00b"}, {"phone": "79001234567", "tag": "a\ud800"},
        {"phone": "79001234567", "tag": "a\nb"}, {"phone": "79001234567", "operator_code": 900},
        {"phone": "79001234567", "operator_code": "90"}, {"phone": "79001234567", "timezone": "Mars/Olympus"},
        {"phone": "79001234567", "id": 5}, {"phone": "79001234567", "opted_out_at": "2030-01-31T06:00:00Z"},
        {"phone": "79001234567", "\ud800": "red"}, [], 5, None, "79001234567",
        {"phone": 89001234567}, {"phone": "79001234567", "tag": " a ", "operator_code": "", "timezone": ""},
    ],
)  # fmt: skip
def test_a_client_of_a_list_is_judged_like_one_alone(api: FlaskClient, item: Any) -> None:
    [told] = bring(api, item).json["results"]
    client = api.get(f"{CLIENTS}/{told['id']}").json if told["id"] else {}
    if client:
        api.delete(f"{CLIENTS}/{told['id']}")
    alone = api.post(CLIENTS, data=json.dumps(item), content_type="application/json")
    assert (told["errors"], told["status"]) == (alone.json.get("errors", {}), "created" if client else "rejected")
    assert (alone.status_code == 201) == bool(client)
    for name in ("phone", "operator_code", "tag", "timezone"):
        assert client.get(name) == (alone.json[name] if client else None)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ([], [""]), ("x", [""]), ({}, ["clients"]), ({"clients": None}, ["clients"]), ({"clients": {}}, ["clients"]),
        ({"clients": "x"}, ["clients"]), ({"clients": [], "colour": 1}, ["colour"]),
        ({"clients": [], "all_or_nothing": "yes"}, ["all_or_nothing"]),
        ({"clients": [], "all_or_nothing": 1}, ["all_or_nothing"]),
        ({"clients": [None] * (MOST_CLIENTS + 1)}, ["clients"]),
    ],
    ids=range(10),
)  # fmt: skip
def test_a_list_that_is_none_is_refused(api: FlaskClient, body: Any, fields: list[str]) -> None:
    answer = api.post(URL, json=body)
    assert (answer.status_code, list(answer.json["errors"])) == (422, fields)


def test_an_empty_list_changes_nothing(api: FlaskClient) -> None:
    for all_or_nothing in (True, False):
        assert statuses(bring(api, all_or_nothing=all_or_nothing)) == []
    assert audit.listing(action=Action.CLIENTS_IMPORTED).items == []


def test_who_opted_out_stays_so(api: FlaskClient) -> None:
    client = a_client()
    clients.opt_out(client.id)
    db.session.expunge_all()
    assert statuses(bring(api, {"phone": client.phone, "tag": "back"})) == ["updated"]
    shown = api.get(f"{CLIENTS}/{client.id}").json
    assert shown["tag"] == "back"
    assert shown["opted_out_at"]


@pytest.mark.parametrize("all_or_nothing", [True, False])
def test_ten_thousand_full_clients_come_in_seconds_with_one_entry_in_the_trail(
    app: Flask, all_or_nothing: bool
) -> None:
    program = with_token(app, Scope.WRITE)
    known = [client.phone for client in some_clients(3)]
    wanted = [
        {"phone": f"+7 (916) {number:07}", "operator_code": "916", "tag": "ж" * 100, "timezone": "Asia/Vladivostok"}
        for number in range(MOST_CLIENTS - 3)
    ]
    wanted += [{"phone": phone, "tag": "known"} for phone in known]
    began = time.process_time()
    answer = bring(program, *wanted, all_or_nothing=all_or_nothing)
    took = time.process_time() - began
    assert (answer.json["created"], answer.json["updated"]) == (MOST_CLIENTS - 3, 3)
    assert took < 3
    [entry] = audit.listing(action=Action.CLIENTS_IMPORTED).items
    assert entry.details == {"created": MOST_CLIENTS - 3, "updated": 3, "unchanged": 0, "rejected": 0}
    assert entry.actor == "write"


def test_lists_that_come_at_once_add_everybody_once_and_lose_nothing(app: Flask) -> None:
    phones = [a_phone() for _ in range(1200)]
    bearers = [f"Bearer {access.add_token(name, Scope.WRITE)}" for name in ("one", "other")]  # who bring two each
    ready = threading.Barrier(4)

    def bring_one(name: str, value: str, order: int, number: int) -> Any:
        ready.wait()
        body = {"clients": [{"phone": phone, name: value} for phone in phones[::order]]}
        headers = {"Authorization": bearers[number // 2]}
        return app.test_client().post(URL, json=body | {"all_or_nothing": number % 2 == 0}, headers=headers)

    lists = [("tag", "vip", 1), ("timezone", "Asia/Omsk", -1), ("operator_code", "999", 1), ("tag", "vip", -1)]
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(bring_one, *each, number) for number, each in enumerate(lists)]
        answers = [each.result().json for each in asked]
    assert sum(answer["created"] for answer in answers) == len(phones)
    assert all(answer["rejected"] == 0 for answer in answers)
    alike = (Client.tag == "vip", Client.timezone == "Asia/Omsk", Client.operator_code == "999")
    assert db.session.scalars(select(func.count()).select_from(Client).where(*alike)).one() == len(phones)


def test_the_list_as_csv_is_what_the_list_shows_and_the_import_takes(api: FlaskClient) -> None:
    a_client(tag="other")
    a_client(phone="79010000001", tag='=1+"1"', timezone="Asia/Omsk")
    answer = api.get(CSV, query_string={"timezone": "Asia/Omsk"})
    assert answer.text == '\ufeffphone,operator_code,tag,timezone\r\n79010000001,901,"\'=1+""1""",Asia/Omsk\r\n'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="clients.csv"'
    taken = api.post(f"{CLIENTS}/import", data=api.get(CSV).data, content_type="text/csv").json
    assert (taken["unchanged"], taken["rejected"]) == (2, 0)


def test_an_export_is_in_the_trail_without_the_phone(api: FlaskClient) -> None:
    api.head(CSV)
    api.get(CSV, query_string={"phone": "79010000001", "tag": "vip"})
    [entry] = audit.listing(action=Action.CLIENTS_EXPORTED).items
    assert (entry.actor, entry.details) == ("write", {"shown": {"tag": "vip"}})


@pytest.mark.parametrize("query", ["limit=5", "after=MQ", "phone=12", "colour=red", "tag=a&tag=b"])
def test_an_export_takes_the_parameters_of_the_list_but_no_page(api: FlaskClient, query: str) -> None:
    answer = api.get(f"{CSV}?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [query.partition("=")[0]])


def test_an_export_is_sent_piece_by_piece(api: FlaskClient) -> None:
    a_crowd(501)
    answer = api.get(CSV, buffered=False)
    assert "Content-Length" not in answer.headers
    assert len(list(answer.iter_encoded())) > 1
