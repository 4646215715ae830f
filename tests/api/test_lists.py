"""The pages of every list: bounded, and whole whatever is added and taken away while somebody leafs through them."""

import random
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient

from mailing_app import clients, mailings
from mailing_app.db import transaction
from mailing_app.models import Message, Status
from tests.factories import a_client, a_crowd, a_mailing


class List(NamedTuple):
    """A list of the API, and how one of its things comes and goes."""

    address: str
    wanted: dict[str, str]
    add: Callable[[], int]
    remove: Callable[[int], Any]


def a_message_of_the_first() -> int:
    client, now = a_client(), mailings.get(1).created_at
    with transaction() as session:
        message = Message(mailing_id=1, client_id=client.id, status=Status.PENDING, created_at=now, due_at=now)
        session.add(message)
    return message.id


def forget_message(message_id: int) -> None:
    with transaction() as session:
        session.delete(session.get_one(Message, message_id))


LISTS = {
    "clients": List("/api/v1/clients", {}, lambda: a_client().id, clients.erase),
    "some clients": List("/api/v1/clients", {"tag": "vip"}, lambda: a_client(tag="vip").id, clients.erase),
    "mailings": List("/api/v1/mailings", {}, lambda: a_mailing().id, mailings.delete),
    "some mailings": List(
        "/api/v1/mailings", {"phase": "running", "name": "spring"}, lambda: a_mailing(name="Spring").id, mailings.delete
    ),
    "messages": List("/api/v1/mailings/1/messages", {}, a_message_of_the_first, forget_message),
    "some messages": List("/api/v1/mailings/1/messages", {"status": "pending"}, a_message_of_the_first, forget_message),
}


@pytest.fixture(params=LISTS)
def listed(request: pytest.FixtureRequest, app: Flask) -> List:
    """One list after the other; the mailing with the messages is in the list of mailings too."""
    a_mailing(name="Spring")
    return LISTS[request.param]


def leaf(program: FlaskClient, listed: List, limit: int, meanwhile: Callable[[], Any] = lambda: None) -> list[int]:
    """The ids on all pages; between each two of them something happens."""
    seen: list[int] = []
    wanted: dict[str, Any] = {"limit": limit}
    while True:
        page = program.get(listed.address, query_string=listed.wanted | wanted)
        assert page.status_code == 200
        assert len(page.json["items"]) <= limit
        seen += [item["id"] for item in page.json["items"]]
        if page.json["next"] is None:
            return seen
        wanted["after"] = page.json["next"]
        meanwhile()


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_nothing_comes_twice_and_nothing_that_stays_is_missed(reader: FlaskClient, listed: List, limit: int) -> None:
    dice = random.Random(limit)
    there = [listed.add() for _ in range(20)]
    to_come, to_go = 10, 10

    def meanwhile() -> None:
        nonlocal to_come, to_go
        for _ in range(min(dice.randrange(5), to_come)):
            listed.add()
            to_come -= 1
        for _ in range(min(dice.randrange(5), to_go)):
            listed.remove(there.pop(dice.randrange(len(there))))
            to_go -= 1

    seen = leaf(reader, listed, limit, meanwhile)
    assert set(there) <= set(seen)
    assert len(there) < 20
    assert seen == sorted(set(seen), reverse="mailings" in listed.address and "messages" not in listed.address)


def test_the_page_after_one_whose_rows_are_gone_begins_where_that_one_ended(reader: FlaskClient, listed: List) -> None:
    there = [listed.add() for _ in range(6)]
    first = reader.get(listed.address, query_string=listed.wanted | {"limit": 3}).json
    shown = [item["id"] for item in first["items"]]
    for gone in set(shown) & set(there):
        listed.remove(gone)
    rest = reader.get(listed.address, query_string=listed.wanted | {"after": first["next"]}).json["items"]
    assert {item["id"] for item in rest} >= set(there) - set(shown)
    assert not {item["id"] for item in rest} & set(shown)


def test_who_adds_all_the_while_hides_nothing(app: Flask, reader: FlaskClient, listed: List) -> None:
    there, stop, added = [listed.add() for _ in range(20)], threading.Event(), []

    def adds() -> None:
        with app.app_context():
            while not stop.is_set() and len(added) < 100:
                added.append(listed.add())

    adding = threading.Thread(target=adds)
    adding.start()
    try:
        seen = leaf(reader, listed, 2)
    finally:
        stop.set()
        adding.join()
    assert len(seen) == len(set(seen))
    assert set(there) <= set(seen)
    assert added


@pytest.mark.parametrize("limit", ["0", "501", "-1", "1.5", "1e1", "٣", "+5", "0x1", "9" * 30, "null"])
def test_a_limit_out_of_bounds_is_refused(reader: FlaskClient, listed: List, limit: str) -> None:
    answer = reader.get(listed.address, query_string=listed.wanted | {"limit": limit})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["limit"])


@pytest.mark.parametrize("after", ["x", "MQ=Q", "LTE", "MS41", "MDAw" * 9, "\u0661", "MQ\x00", "null", "1" * 5000])
def test_a_cursor_that_no_page_gave_is_refused(reader: FlaskClient, listed: List, after: str) -> None:
    answer = reader.get(listed.address, query_string=listed.wanted | {"after": after})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["after"])


def test_a_page_holds_fifty_unless_told_and_five_hundred_at_most(reader: FlaskClient) -> None:
    a_crowd(502)
    for wanted, number in (({}, 50), ({"limit": 1}, 1), ({"limit": 500}, 500)):
        page = reader.get("/api/v1/clients", query_string=wanted).json
        assert (len(page["items"]), bool(page["next"])) == (number, True)
