"""What is changed between the claim and the first byte: the message stays, to the last moment before it would leave.

The gateway takes its time with the connection, so that the message is claimed and has not left.
"""

import ssl
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme
from flask import Flask

from mailing_app import clients, clock, holds, mailings
from mailing_app.dispatch import settle, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.pump import Pump
from mailing_app.models import Mailing
from tests.dispatch import rawserver
from tests.dispatch.rawserver import Shy
from tests.dispatch.test_pump import run
from tests.dispatch.test_storage import enrolled, figures, messages
from tests.factories import a_client

CHANGES: dict[str, tuple[Callable[[Mailing, int], Any], str]] = {
    "paused": (lambda mailing, _: mailings.pause(mailing.id), "pending"),
    "cancelled": (lambda mailing, _: mailings.cancel(mailing.id), "cancelled"),
    "deleted": (lambda mailing, _: mailings.delete(mailing.id), "cancelled"),
    "ended": (lambda mailing, _: mailings.change(mailing.id, ends_at=clock.now()), "expired"),
    "to end sooner": (
        lambda mailing, _: mailings.change(mailing.id, ends_at=clock.now() + timedelta(minutes=30)),
        "sending",
    ),
    "stopped with all others": (lambda *_: holds.stop(), "pending"),
    "its client erased": (lambda _, client_id: clients.erase(client_id), "cancelled"),
    "its client's phone changed": (lambda _, client_id: clients.change(client_id, phone="79009999999"), "sending"),
}


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shy]:
    """A gateway that lets a connection wait before it shakes hands, and whose certificate is trusted."""
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(tmp_path / "ca.pem"))
    with rawserver.shy(context) as gateway:
        yield gateway


@pytest.mark.parametrize("name", CHANGES)
def test_it_stays(app: Flask, gateway: Shy, name: str) -> None:
    change, at_last = CHANGES[name]
    client = a_client()
    mailing = enrolled()
    pump = Pump(Address(gateway.url, "", timeout=8, connect_timeout=8), 1, Claimer(sweep.enlist(clock.now(), 1)))
    pump.gate.prepare(clock.now())
    run(pump, lambda: bool(pump.seats.in_flight))
    [envelope] = pump.seats.in_flight.values()
    change(mailing, client.id)
    run(pump, lambda: envelope in pump.recall)
    assert gateway.shake_hands() == b""
    run(pump, lambda: envelope not in pump.seats.in_flight.values())
    run(pump, lambda: become(mailing, pump) == {at_last: 1})
    assert messages(mailing)[0].attempts == 0
    if at_last == "sending":
        [again] = pump.seats.in_flight.values()
        assert (again.phone, again.ends_at) == (clients.get(client.id).phone, mailings.get(mailing.id).ends_at)
        assert f'"phone": {again.phone}'.encode() in gateway.shake_hands()
    pump.stop(0)


def become(mailing: Mailing, pump: Pump) -> dict[str, int]:
    """What the messages are once everything known is recorded and whoever is to end has ended."""
    pump.flush()
    while settle.settle(clock.now()):
        pass
    return figures(mailing)
