"""Kills, orderly ends and stalls at every gate that a message passes lose nothing and repeat only the unknowable."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from mailing_app import clock
from mailing_app.db import db, transaction
from mailing_app.dispatch import sweep
from mailing_app.models import Client, Dispatcher, Mailing
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import enrolled, figures
from tests.factories import some_clients
from tests.processes.conftest import Start, eventually
from tests.processes.gated import (
    AFTER_ANSWER,
    AFTER_CLAIM,
    AFTER_RECORD,
    BEFORE_CLAIM,
    BEFORE_ENLISTING,
    BEFORE_LOOK,
    BEFORE_RECORD,
)

CLIENTS = 6
AT_THE_GATEWAY = "at the gateway, without an answer"


class Gate(NamedTuple):
    """Where a dispatcher stops, and what is so while it stands there."""

    name: str
    seats: int
    figures: dict[str, int]
    on_the_wire: int
    """Requests that the gateway has and the database knows nothing of: what a kill repeats, neither more nor less."""
    arrivals: int = 1
    clients: int = CLIENTS
    beats: bool = False
    """Whether its pump goes round meanwhile: what stands there is a seat."""
    locks: bool = False
    """Whether it stands there in a writing transaction. On SQLite nobody else writes anything meanwhile, on
    PostgreSQL nobody moves the figures of the mailing, so nothing is claimed until it goes on or dies."""


# At the record there is one client, so that nothing is claimed or on the wire beside what is being recorded.
GATES = [
    Gate(BEFORE_CLAIM, 4, {"pending": 6}, 0, locks=True),
    Gate(AFTER_CLAIM, 4, {"pending": 2, "sending": 4}, 0),
    Gate(AT_THE_GATEWAY, 4, {"pending": 2, "sending": 4}, 4, beats=True),
    Gate(AFTER_ANSWER, 4, {"pending": 2, "sending": 4}, 4, arrivals=4, beats=True),
    Gate(BEFORE_RECORD, 1, {"sending": 1}, 1, clients=1, locks=True),
    Gate(AFTER_RECORD, 1, {"sent": 1}, 0, clients=1),
]

at_every_gate = pytest.mark.parametrize("gate", GATES, ids=lambda gate: gate.name)
at_the_five = pytest.mark.parametrize(
    "gate", [gate for gate in GATES if gate.name != BEFORE_RECORD], ids=lambda gate: gate.name
)
"""Only to a kill is the moment before the record's commit another one than the moment after the answer."""


class Gated(NamedTuple):
    """A dispatcher that stops at gates, and the line to it."""

    process: subprocess.Popen[bytes]
    line: socket.socket

    def reached(self, gate: str, arrivals: int = 1) -> None:
        """Wait until so many of its threads stand there."""
        for _ in range(arrivals):
            told = self.line.recv(len(gate) + 1, socket.MSG_WAITALL)
            assert told.decode() == f"{gate}\n"

    def let_go(self, gate: str) -> None:
        """Open the gate; a process that is stopped goes through once it is continued."""
        self.line.sendall(f"{gate}\n".encode())

    def stall(self, beats: bool, locks: bool = False) -> None:
        """SIGSTOP, in no other transaction than the gate's own: in any on SQLite it would hold the lock to write."""
        if beats:
            me = Dispatcher.pid == self.process.pid
            seen = column(Dispatcher.beat, me)
            eventually(lambda: column(Dispatcher.beat, me) != seen)  # the next one is two seconds away
        eventually(lambda: self._stopped_where_it_should(locks))

    def _stopped_where_it_should(self, locks: bool) -> bool:
        """Whether others can write while it is stopped, or it locks at its gate; if neither, it goes on: another of its
        threads has been hit in a transaction."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)
        well = locks or can_write()
        if not well:
            self.wake()
        return well

    def wake(self) -> None:
        """SIGCONT."""
        self.process.send_signal(signal.SIGCONT)


@pytest.fixture
def gated(start: Start) -> Iterator[Callable[..., Gated]]:
    """Start a dispatcher that stops at these gates; it waits for the gateway for as long as a busy machine takes."""
    with ExitStack() as lines:

        def gated(*gates: str, gateway_timeout: int = 30, **settings: object) -> Gated:
            ours, theirs = socket.socketpair()
            lines.enter_context(ours).settimeout(30)
            with theirs:
                line = theirs.fileno()
                settings |= {"module": "tests.processes.gated", "gateway_timeout": gateway_timeout}
                return Gated(start(str(line), *gates, pass_fds=[line], **settings), ours)

        yield gated


@pytest.fixture
def heir(gated: Callable[..., Gated]) -> Gated:
    """A second dispatcher, which sends nothing until it is let go: by then the first one stands at its gate."""
    return gated(BEFORE_ENLISTING, gateway_timeout=5)  # a lease of 25 seconds


@pytest.fixture
def mailing(app: Flask, request: pytest.FixtureRequest) -> Mailing:
    """One whose audience is complete: who completes it would wait for who stands in a claim."""
    some_clients(request.getfixturevalue("gate").clients if "gate" in request.fixturenames else CLIENTS)
    return enrolled()


@pytest.fixture
def standing(gate: Gate, gated: Callable[..., Gated], gateway: PracticeGateway, mailing: Mailing, heir: Gated) -> Gated:
    """A dispatcher that stands at the gate."""
    if gate.name == AT_THE_GATEWAY:
        gateway.close_gate()
    dispatcher = gated(gate.name, gateway_concurrency=gate.seats)
    if gate.name == AT_THE_GATEWAY:
        assert gateway.wait_for_requests(gate.on_the_wire, timeout=30)
    else:
        dispatcher.reached(gate.name, gate.arrivals)
    assert figures(mailing) == gate.figures
    return dispatcher


def everyone_is_sent(mailing: Mailing, gateway: PracticeGateway, repeats: int) -> None:
    """Nobody lost, nobody left on the way, and the gateway saw each message once but for these repeats."""
    everyone = column(func.count(Client.id))
    eventually(lambda: figures(mailing) == {"sent": everyone}, seconds=60)
    counts = gateway.counts()
    assert (counts.distinct, counts.repeated) == (everyone, repeats)


@at_every_gate
def test_a_kill_repeats_exactly_what_was_on_the_wire(
    gate: Gate, standing: Gated, mailing: Mailing, gateway: PracticeGateway, heir: Gated
) -> None:
    standing.process.kill()
    standing.process.wait()
    gateway.open_gate()
    heir.let_go(BEFORE_ENLISTING)
    everyone_is_sent(mailing, gateway, repeats=gate.on_the_wire)


@at_the_five
def test_an_orderly_end_repeats_nothing(
    gate: Gate, standing: Gated, mailing: Mailing, gateway: PracticeGateway, heir: Gated
) -> None:
    standing.process.send_signal(signal.SIGTERM)
    standing.let_go(gate.name)
    gateway.open_gate()
    assert standing.process.wait(15) == 0
    told = figures(mailing)
    assert told.get("sent", 0) == len(gateway.accepted())
    assert not told.keys() - {"sent", "pending"}
    heir.let_go(BEFORE_ENLISTING)
    everyone_is_sent(mailing, gateway, repeats=0)


@at_the_five
def test_a_stall_shorter_than_a_lease_repeats_nothing(
    gate: Gate, standing: Gated, mailing: Mailing, gateway: PracticeGateway, heir: Gated
) -> None:
    standing.stall(gate.beats, gate.locks)
    standing.let_go(gate.name)
    gateway.open_gate()
    before = gateway.counts().received
    heir.let_go(BEFORE_ENLISTING)
    if gate.locks:
        assert not gateway.wait_for_requests(before + 1, timeout=2)
    else:
        eventually(lambda: "pending" not in figures(mailing))
    standing.wake()
    everyone_is_sent(mailing, gateway, repeats=0)


def test_a_claim_made_after_the_burial_goes_to_the_heirs(
    gated: Callable[..., Gated], mailing: Mailing, gateway: PracticeGateway, heir: Gated
) -> None:
    dispatcher = gated(BEFORE_LOOK, AFTER_CLAIM, gateway_concurrency=4)
    dispatcher.reached(BEFORE_LOOK)
    buried = column(Dispatcher.id)
    sweep.bury(buried, clock.now(), deduplicates=True)  # as any other does after a lease without a beat
    dispatcher.let_go(BEFORE_LOOK)
    dispatcher.reached(AFTER_CLAIM)
    dispatcher.process.kill()
    dispatcher.process.wait()
    heir.let_go(BEFORE_ENLISTING)
    everyone_is_sent(mailing, gateway, repeats=0)


def test_the_stalled_lose_their_claims_after_a_lease_and_wake_to_post_nothing_old(
    gated: Callable[..., Gated], mailing: Mailing, gateway: PracticeGateway, heir: Gated
) -> None:
    stalled = [gated(gate, gateway_concurrency=2) for gate in (AFTER_CLAIM, AFTER_ANSWER)]
    stalled[0].reached(AFTER_CLAIM)
    stalled[1].reached(AFTER_ANSWER, arrivals=2)
    gateway.close_gate()
    stalled.append(gated(AT_THE_GATEWAY, gateway_concurrency=2))
    assert gateway.wait_for_requests(4, timeout=30)
    for dispatcher, beats in zip(stalled, (False, True, True), strict=True):
        dispatcher.stall(beats)
    gateway.open_gate()
    assert figures(mailing) == {"sending": CLIENTS}
    heir.let_go(BEFORE_ENLISTING)
    everyone_is_sent(mailing, gateway, repeats=4)

    for dispatcher, gate in zip(stalled, (AFTER_CLAIM, AFTER_ANSWER, AT_THE_GATEWAY), strict=True):
        dispatcher.let_go(gate)
        dispatcher.wake()
    eventually(lambda: column(func.count(Dispatcher.id), Dispatcher.left_at.is_(None)) == 1 + len(stalled))
    for dispatcher in stalled:
        dispatcher.process.send_signal(signal.SIGTERM)
    assert [dispatcher.process.wait(15) for dispatcher in stalled] == [0, 0, 0]
    everyone_is_sent(mailing, gateway, repeats=4)


def column(wanted: Any, *which: Any) -> Any:
    """What stands there now."""
    db.session.commit()
    return db.session.scalar(select(wanted).where(*which))


def can_write() -> bool:
    """Whether nobody keeps the lock to write, which PostgreSQL has none of."""
    try:
        with transaction(patience=1.0):
            return True
    except OperationalError:
        return False
