"""What an operator changes while a real dispatcher sends: it is heeded within two seconds."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from mailing_app import clients, clock, holds, mailings
from mailing_app.db import db
from mailing_app.models import Attempt, Mailing
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import figures, messages
from tests.factories import a_crowd, a_mailing
from tests.processes.conftest import Start, eventually

WITHIN = timedelta(seconds=2)
"""After it nothing of the old plan leaves."""

CHANGES: dict[str, tuple[Callable[[int], Any], str]] = {
    "paused": (mailings.pause, "pending"),
    "cancelled": (mailings.cancel, "cancelled"),
    "deleted": (mailings.delete, "cancelled"),
    "ended at once": (lambda id_: mailings.change(id_, ends_at=clock.now()), "expired"),
    "ended soon": (lambda id_: mailings.change(id_, ends_at=clock.now() + WITHIN), "expired"),
    "stopped with all others": (lambda _id: holds.stop(), "pending"),
}


@pytest.fixture
def under_way(start: Start, gateway: PracticeGateway) -> Mailing:
    """A mailing to 300, at about 80 a second."""
    a_crowd(300)
    gateway.latency = 0.05
    start("dispatcher", gateway_concurrency=4)
    mailing = a_mailing()
    assert gateway.wait_for_requests(20, timeout=30)
    return mailing


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_heeded(under_way: Mailing, gateway: PracticeGateway, name: str) -> None:
    change, rest = CHANGES[name]
    change(under_way.id)
    changed_at = clock.now()
    if rest == "pending":
        eventually(lambda: "sending" not in figures(under_way))
    else:
        eventually(lambda: not {"sending", "pending"} & figures(under_way).keys())
    told = figures(under_way)
    assert set(told) == {"sent", rest}
    assert told["sent"] == len(gateway.accepted())
    last_byte_at = db.session.scalar(select(func.max(Attempt.started_at)))
    assert last_byte_at
    assert last_byte_at < changed_at + WITHIN


def test_an_end_moved_closer_and_later_again_is_heeded(under_way: Mailing) -> None:
    mailings.change(under_way.id, ends_at=clock.now() + timedelta(seconds=3))  # at its rate some would be left
    mailings.change(under_way.id, ends_at=clock.now() + timedelta(hours=1))
    eventually(lambda: figures(under_way) == {"sent": 300})


def test_who_is_erased_and_who_has_a_new_phone(under_way: Mailing, gateway: PracticeGateway) -> None:
    last = [message for message in messages(under_way) if message.status == "pending"][-2:]
    erased, moved = (message.client_id for message in last)
    clients.erase(erased)
    clients.change(moved, phone="79009999999")
    eventually(lambda: figures(under_way) == {"sent": 299, "cancelled": 1})
    assert [seen.phone for seen in gateway.received(last[1].id)] == [79009999999]
    assert gateway.received(last[0].id) == []


def test_after_a_pause_everything_goes_on_where_it_was(under_way: Mailing, gateway: PracticeGateway) -> None:
    mailings.pause(under_way.id)
    eventually(lambda: "sending" not in figures(under_way))
    mailings.resume(under_way.id)
    holds.stop("for a moment")
    eventually(lambda: "sending" not in figures(under_way))
    holds.go_on()
    eventually(lambda: figures(under_way) == {"sent": 300}, seconds=60)
    assert gateway.counts().repeated == 0
