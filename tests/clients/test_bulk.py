"""The same change for all clients that a list shows."""

import pytest
from flask import Flask
from sqlalchemy import select

from mailing_app import audit, clients
from mailing_app.clients import bulk
from mailing_app.db import db
from mailing_app.errors import NotFound, Refused
from mailing_app.models import Action, Client
from tests.dispatch.test_storage import claim, enrolled, figures, messages
from tests.factories import a_client, some_clients


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CLIENTS_A_CHUNK", 2)


def test_all_that_are_shown_get_the_tag_and_no_others(app: Flask) -> None:
    some_clients(5, tag="old")
    other = a_client(tag="other")
    assert clients.retag({"tag": "old", "phone": None}, 5, "new") == 5
    assert [client.tag for client in clients.listing().items] == ["new"] * 5 + ["other"]
    assert [client.version for client in clients.listing().items] == [2] * 5 + [1]
    told = [entry.details for entry in audit.listing(action=Action.CLIENTS_RETAGGED).items]
    assert told == [{"clients": number, "tag": "new", "shown": {"tag": "old"}} for number in (1, 2, 2)]
    assert clients.retag({"phone": other.phone}, 1, "") == 1
    assert audit.listing(action=Action.CLIENTS_RETAGGED).items[0].details["shown"] == {}


def test_another_number_than_was_confirmed_changes_nothing(app: Flask) -> None:
    some_clients(3, tag="old")
    with pytest.raises(Refused):
        clients.retag({"tag": "old"}, 2, "new")
    with pytest.raises(Refused):
        clients.erase_shown({"tag": "old"}, 4)
    assert clients.count(tag="old") == 3


def test_all_that_are_shown_are_erased_and_the_figures_are_right(app: Flask) -> None:
    gone, kept = some_clients(5, tag="old"), a_client(tag="kept")
    first, second = enrolled(), enrolled()
    on_the_wire = claim(2)
    clients.opt_out(gone[4].id)
    assert clients.erase_shown({"tag": "old"}, 5) == 5
    assert figures(first) | figures(second) == {"sending": 1, "pending": 1, "cancelled": 4}
    assert len(on_the_wire) == 2
    left = [message for message in messages(first) if message.client_id != kept.id]
    assert {(message.phone, message.tag) for message in left} == {(None, None)}
    with pytest.raises(NotFound):
        clients.get(gone[0].id)
    rows = db.session.scalars(select(Client).where(Client.erased_at.is_not(None))).all()
    assert {(row.phone, row.tag, row.opted_out_at) for row in rows} == {(None, "", None)}
    assert sum(entry.details["clients"] for entry in audit.listing(action=Action.CLIENTS_ERASED).items) == 5
    assert clients.retag({"tag": "old"}, 0, "new") == 0


def test_a_long_deletion_pauses_and_goes_on(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    some_clients(5)
    with monkeypatch.context() as patch:
        patch.setattr(bulk, "AT_A_TIME", 0.0)
        assert clients.erase_shown({}, 5) == 2
    assert clients.erase_shown({}, 3) == 3
