"""Nobody overwrites what he has not seen: ETag, If-Match, If-None-Match."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from mailing_app import clients
from tests.api.bodies import a_client_body, a_mailing_body
from tests.factories import a_client, a_mailing

STALE = "Somebody changed this meanwhile. Look at it again before you change it."


@pytest.fixture(params=["clients", "mailings"])
def address(request: pytest.FixtureRequest, api: FlaskClient) -> str:
    """The address of a thing in its second version."""
    thing = a_client() if request.param == "clients" else a_mailing()
    address = f"/api/v1/{request.param}/{thing.id}"
    assert api.patch(address, json={}).headers["ETag"] == '"2"'
    return address


def change(api: FlaskClient, address: str, method: str, tags: str) -> Any:
    body = a_client_body() if "clients" in address else a_mailing_body()
    return api.open(address, method=method, json=body, headers={"If-Match": tags})


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("tags", ['"1"', '"1", "3"', 'W/"2"', '"two"', "", ",,"])
def test_a_stale_tag_changes_nothing(api: FlaskClient, address: str, method: str, tags: str) -> None:
    before = api.get(address).json
    answer = change(api, address, method, tags)
    assert (answer.status_code, answer.json["detail"]) == (412, STALE)
    assert api.get(address).json == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("tags", ['"2"', '"1", "2"', 'W/"1", "2"', "*"])
def test_the_present_tag_lets_the_change_through(api: FlaskClient, address: str, method: str, tags: str) -> None:
    assert change(api, address, method, tags).status_code in (200, 204)


def test_a_stale_tag_comes_before_wrong_values(api: FlaskClient, address: str) -> None:
    assert api.put(address, json={"colour": "red"}, headers={"If-Match": '"1"'}).status_code == 412


@pytest.mark.parametrize("tags", ['"1"', 'W/"1"', '"5", "1"', "*"])
def test_who_has_the_present_version_of_a_client_gets_no_body(api: FlaskClient, tags: str) -> None:
    answer = api.get(f"/api/v1/clients/{a_client().id}", headers={"If-None-Match": tags})
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", '"1"')


def test_who_has_another_version_gets_the_present_one(api: FlaskClient, address: str) -> None:
    assert api.get(address, headers={"If-None-Match": '"1"'}).status_code == 200


def test_figures_of_a_mailing_are_never_not_modified(api: FlaskClient) -> None:
    answer = api.get(f"/api/v1/mailings/{a_mailing().id}", headers={"If-None-Match": '"1"'})
    assert (answer.status_code, answer.json["statistics"]["recipients"]) == (200, 0)


def test_a_patch_falls_on_what_somebody_else_changed_meanwhile(
    api: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, get, reads = a_client(tag="old"), clients.get, []

    def overtaken(client_id: int) -> Any:
        reads.append(get(client_id).version)
        if len(reads) == 1:
            clients.change(client_id, tag="new")
            return type("Seen", (), vars(client) | {"version": 1, "tag": "old"})
        return get(client_id)

    monkeypatch.setattr(clients, "get", overtaken)
    changed = api.patch(f"/api/v1/clients/{client.id}", json={"timezone": "Asia/Omsk"})
    assert (changed.json["tag"], changed.json["timezone"]) == ("new", "Asia/Omsk")
    assert len(reads) == 2
