"""Clients through the API."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient

from tests.api.bodies import a_client_body
from tests.factories import a_client, some_clients

URL = "/api/v1/clients"


def test_adding_answers_with_the_client_and_its_address(api: FlaskClient) -> None:
    added = api.post(URL, json={"phone": "+7 (900) 123-45-67", "tag": "vip"})
    assert (added.status_code, added.headers["Location"], added.headers["ETag"]) == (201, f"{URL}/1", '"1"')
    assert (
        added.json.items()
        >= {
            "id": 1,
            "phone": "79001234567",
            "operator_code": "900",
            "tag": "vip",
            "timezone": "Europe/Moscow",
        }.items()
    )
    assert added.json["created_at"].endswith("Z")
    assert list(added.json) == [
        "id", "phone", "operator_code", "tag", "timezone", "opted_out_at", "created_at", "updated_at",
    ]  # fmt: skip
    assert api.get(added.headers["Location"]).json == added.json


@pytest.mark.parametrize("phone", ["8 900 123-45-67", "7 900 123 45 67", "79001234567", 79001234567, 89001234567])
def test_any_usual_spelling_of_a_phone_will_do(api: FlaskClient, phone: object) -> None:
    assert api.post(URL, json={"phone": phone}).json["phone"] == "79001234567"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "phone"),
        ({"phone": None}, "phone"),
        ({"phone": True}, "phone"),
        ({"phone": 7.9}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"phone": 2**70}, "phone"),
        ({"phone": ["79001234567"]}, "phone"),
        ({"phone": "79001234567", "tag": 5}, "tag"),
        ({"phone": "79001234567", "tag": "x" * 101}, "tag"),
        ({"phone": "79001234567", "tag": "a\x00b"}, "tag"),
        ({"phone": "79001234567", "tag": "a\ud800"}, "tag"),
        ({"phone": "79001234567", "tag": {"a": 1}}, "tag"),
        ({"phone": "79001234567", "operator_code": 900}, "operator_code"),
        ({"phone": "79001234567", "operator_code": "90"}, "operator_code"),
        ({"phone": "79001234567", "timezone": "Mars/Olympus"}, "timezone"),
        ({"phone": "79001234567", "id": 5}, "id"),
        ({"phone": "79001234567", "colour": "red"}, "colour"),
        ({"phone": "79001234567", "\ud800": "red"}, "\ud800"),
        ([], ""),
        (5, ""),
        ("79001234567", ""),
    ],
)
def test_each_wrong_value_is_named_and_nothing_is_stored(api: FlaskClient, body: object, field: str) -> None:
    answer = api.post(URL, json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]
    assert api.get(URL).json["items"] == []


def test_a_phone_is_taken_once(api: FlaskClient) -> None:
    taken = a_client()
    for method, address in (("POST", URL), ("PUT", f"{URL}/{a_client().id}"), ("PATCH", f"{URL}/{a_client().id}")):
        answer = api.open(address, method=method, json={"phone": taken.phone})
        assert (answer.status_code, answer.json["errors"]) == (409, {"phone": ["Another client has this phone."]})


def test_pages_lead_through_the_list_whatever_is_added_meanwhile(api: FlaskClient) -> None:
    before = [client.id for client in some_clients(5)]
    first = api.get(URL, query_string={"limit": 2}).json
    a_client()
    second = api.get(URL, query_string={"limit": 2, "after": first["next"]}).json
    rest = api.get(URL, query_string={"limit": 2, "after": second["next"]}).json
    seen = [client["id"] for page in (first, second, rest) for client in page["items"]]
    assert seen == [*before, before[-1] + 1]
    assert rest["next"] is None


@pytest.mark.parametrize(
    "wanted",
    [
        {"phone": "8 901 000-00-01"},
        {"phone": "+79010000001"},
        {"operator_code": "901"},
        {"tag": "vip"},
        {"timezone": "Asia/Omsk"},
        {"tag": "vip", "operator_code": "901"},
    ],
)
def test_the_list_shows_those_that_match_every_parameter(api: FlaskClient, wanted: dict[str, str]) -> None:
    a_client()
    meant = a_client(phone="79010000001", tag="vip", timezone="Asia/Omsk")
    assert [client["id"] for client in api.get(URL, query_string=wanted).json["items"]] == [meant.id]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=٣", "limit"),
        ("limit=1&limit=2", "limit"),
        ("after=what", "after"),
        ("after=%ff", "after"),
        ("phone=12", "phone"),
        ("operator_code=9", "operator_code"),
        ("timezone=Mars", "timezone"),
        ("tag=%00", "tag"),
        ("colour=red", "colour"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(api: FlaskClient, query: str, field: str) -> None:
    answer = api.get(f"{URL}?{query}")
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_replacing_puts_back_the_defaults(api: FlaskClient) -> None:
    client = a_client(tag="vip", operator_code="999", timezone="Asia/Omsk")
    replaced = api.put(f"{URL}/{client.id}", json={"phone": client.phone})
    assert replaced.status_code == 200
    assert replaced.json.items() >= {"operator_code": "900", "tag": "", "timezone": "Europe/Moscow"}.items()


def test_what_get_gives_put_takes(api: FlaskClient) -> None:
    shown = api.get(f"{URL}/{a_client().id}").json
    replaced = api.put(f"{URL}/{shown['id']}", json=shown)
    assert replaced.status_code == 200
    assert replaced.json == shown | {"updated_at": replaced.json["updated_at"]}


def test_changing_keeps_what_is_left_out(api: FlaskClient) -> None:
    client = a_client(tag="vip", operator_code="999", timezone="Asia/Omsk")
    changed = api.patch(f"{URL}/{client.id}", json={"phone": "79020000000"}).json
    assert changed.items() >= {"phone": "79020000000", "operator_code": "999", "tag": "vip"}.items()


def test_an_erased_client_is_gone(api: FlaskClient) -> None:
    client = a_client(phone="79001234567")
    erased = api.delete(f"{URL}/{client.id}")
    assert (erased.status_code, erased.data) == (204, b"")
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        assert api.open(f"{URL}/{client.id}", method=method, json=a_client_body()).status_code == 404
    assert api.get(URL).json["items"] == []
    assert api.post(URL, json={"phone": "79001234567"}).json["id"] == client.id + 1


def test_opting_out_and_in_again(api: FlaskClient) -> None:
    address = f"{URL}/{a_client().id}"
    out = [api.post(f"{address}/opt-out") for _ in range(2)]
    assert [answer.headers["ETag"] for answer in out] == ['"2"', '"2"']
    shown = api.get(address).json
    assert out[1].json == shown
    assert shown["opted_out_at"] == shown["updated_at"]
    assert api.put(address, json=shown).json["opted_out_at"] == shown["opted_out_at"]
    refused = api.patch(address, json={"opted_out_at": None})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["opted_out_at"])
    assert [api.post(f"{address}/opt-in").json["opted_out_at"] for _ in range(2)] == [None, None]


CSV = "phone;tag\r\n8 900 123-45-67;vip\r\n12;vip\r\n+7 900 123-45-68;\r\n".encode("utf-8-sig")
TOLD = {"created": 2, "updated": 0, "unchanged": 0, "rejected": 1}


def test_import_of_a_csv_body(api: FlaskClient) -> None:
    answer = api.post(f"{URL}/import", data=CSV, content_type="text/csv; charset=utf-8")
    assert answer.status_code == 200
    assert answer.json.items() >= TOLD.items()
    assert [(error["line"], error["field"]) for error in answer.json["errors"]] == [(3, "phone")]
    assert len(api.get(URL).json["items"]) == 2


def test_import_of_a_file(api: FlaskClient) -> None:
    answer = api.post(f"{URL}/import", data={"file": (BytesIO(CSV), "clients.csv")})
    assert (answer.status_code, answer.json["created"]) == (200, 2)


def test_import_names_a_file_that_is_of_no_use(api: FlaskClient) -> None:
    for data in (b"", b"name\r\nVasya\r\n", b"\x00\xff" * 50):
        answer = api.post(f"{URL}/import", data=data, content_type="text/csv")
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["file"])
    missing = api.post(f"{URL}/import", data={"other": "x"}, content_type="multipart/form-data")
    assert (missing.status_code, list(missing.json["errors"])) == (422, ["file"])
    assert api.post(f"{URL}/import", json={}).status_code == 415
