"""What is changed between the claim and the first byte: the message stays, to the last moment before it would leave.

The gateway takes its time with the connection, so that the message is claimed and has not left.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import clients, clock, holds, mailings
from mailing_app.dispatch import settle, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.pump import Pump
from mailing_app.models import Mailing
from tests.dispatch import rawserver
from tests.dispatch.rawserver import Deaf
from tests.dispatch.test_pump import run
from tests.dispatch.test_storage import enrolled, figures, messages
from tests.factories import a_client

CHANGES: dict[str, tuple[Callable[[Mailing, int], Any], str]] = {
    "paused": (lambda mailing, _: mailings.pause(mailing.id), "pending"),
    "cancelled": (lambda mailing, _: mailings.cancel(mailing.id), "cancelled"),
    "deleted": (lambda mailing, _: mailings.delete(mailing.id), "cancelled"),
    "ended": (lambda mailing, _: mailings.change(mailing.id, ends_at=clock.now()), "expired"),
    "about to end": (
        lambda mailing, _: mailings.change(mailing.id, ends_at=clock.now() + timedelta(seconds=0.8)),
        "expired",
    ),
    "stopped with all others": (lambda *_: holds.stop(), "pending"),
    "its client erased": (lambda _, client_id: clients.erase(client_id), "cancelled"),
    "its client's phone changed": (lambda _, client_id: clients.change(client_id, phone="79009999999"), "sending"),
}


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    """A gateway that lets a connection wait."""
    with rawserver.deaf() as deaf:
        yield deaf


@pytest.mark.parametrize("name", CHANGES)
def test_it_stays(app: Flask, deaf: Deaf, name: str) -> None:
    change, at_last = CHANGES[name]
    client = a_client()
    mailing = enrolled()
    pump = Pump(Address(deaf.url, "", timeout=8, connect_timeout=8), 1, Claimer(sweep.enlist(clock.now(), 1)))
    pump.gate.prepare()
    run(pump, lambda: bool(pump.seats.in_flight))
    [envelope] = pump.seats.in_flight.values()
    change(mailing, client.id)
    run(pump, lambda: envelope in pump.recall)
    assert deaf.hear() == b""
    run(pump, lambda: envelope.message_id not in pump.seats.in_flight or pump.seats.in_flight[1].epoch > envelope.epoch)
    pump.flush()
    while settle.settle(clock.now() + timedelta(seconds=1 if at_last == "expired" else 0)):
        pass
    assert figures(mailing) == {at_last: 1}
    assert messages(mailing)[0].attempts == 0
    if at_last == "sending":
        assert pump.seats.in_flight[1].phone == "79009999999"
    pump.stop(0)
