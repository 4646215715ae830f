"""The register of clients: add, change, erase, list."""

import pytest
from flask import Flask

from mailing_app import clients
from mailing_app.errors import NotFound, Refused, Stale
from tests.factories import a_client, some_clients


def test_a_phone_belongs_to_one_client(app: Flask) -> None:
    first, second = some_clients(2)
    with pytest.raises(Refused) as refusal:
        clients.change(second.id, phone=first.phone)
    assert refusal.value.field == "phone"
    assert clients.get(second.id).phone != first.phone


def test_a_change_counts_the_version_and_refuses_a_stale_one(app: Flask) -> None:
    client = a_client()
    assert clients.change(client.id, expected=1, tag="vip").version == 2
    with pytest.raises(Stale):
        clients.change(client.id, expected=1, tag="new")
    assert clients.get(client.id).tag == "vip"


def test_an_erased_client_is_gone_and_its_phone_free(app: Flask) -> None:
    client = a_client(tag="vip")
    phone = client.phone
    clients.erase(client.id)
    for look in (clients.get, clients.erase, clients.change):
        with pytest.raises(NotFound):
            look(client.id)
    assert clients.listing().items == []
    assert list(clients.rows()) == []
    again = a_client(phone=phone)
    assert again.id > client.id


def test_pages_survive_inserts(app: Flask) -> None:
    some_clients(3)
    first = clients.listing(limit=2)
    a_client()
    second = clients.listing(limit=2, after=2)
    assert [client.id for client in (*first.items, *second.items)] == [1, 2, 3, 4]
    assert first.next
    assert second.next is None


def test_every_given_value_must_match(app: Flask) -> None:
    wanted = a_client(tag="vip", timezone="Asia/Omsk")
    a_client(tag="vip")
    a_client(timezone="Asia/Omsk")
    assert [each.id for each in clients.listing(tag="vip", timezone="Asia/Omsk").items] == [wanted.id]
    assert [each.id for each in clients.listing(phone=wanted.phone).items] == [wanted.id]
    assert clients.listing(phone=wanted.phone, tag="x").items == []
    assert clients.tags() == ["vip"]
