"""The fleet with real workers: killed, stopped, replaced, without their database and without their queue."""

import io
import signal
import subprocess
import urllib.error
import urllib.request

import psycopg
import pytest
from flask import Flask
from sqlalchemy import func, select

from mailing_app import imports
from mailing_app.db import db, libpq
from mailing_app.dispatch.pump import READY
from mailing_app.fleet.queue import SCHEMA
from mailing_app.models import (
    Client,
    Dispatcher,
    GatewayState,
    ImportState,
    Mailing,
    Message,
)
from mailing_app.practice import PracticeGateway
from tests.conftest import make_settings
from tests.dispatch.test_storage import figures
from tests.factories import a_crowd, a_mailing, a_phone
from tests.processes import outages
from tests.processes.conftest import Start, eventually, free_port, is_served
from tests.processes.outages import Postgresql, hold_nothing

pytestmark = pytest.mark.server

SEATS, AUDIENCE = 8, 600

database, database_url, app = outages.database, outages.database_url, outages.app


@pytest.fixture
def audience(app: Flask, gateway: PracticeGateway) -> int:
    """So many clients, and a gateway at which each message takes a while."""
    gateway.latency = 0.1
    return a_crowd(AUDIENCE)


@pytest.fixture
def fleet(start: Start, request: pytest.FixtureRequest) -> list[subprocess.Popen[bytes]]:
    """Four workers, or as many as the test says; each of them is there."""
    number = getattr(request, "param", 4)
    workers = [start("worker", gateway_concurrency=SEATS, gateway_timeout=5) for _ in range(number)]
    eventually(lambda: present() == number)
    return workers


a_fleet_of_two = pytest.mark.parametrize("fleet", [2], indirect=True)


def present() -> int:
    """How many dispatchers have not said goodbye."""
    db.session.commit()
    return db.session.scalar(select(func.count(Dispatcher.id)).where(Dispatcher.left_at.is_(None))) or 0


def everyone_is_sent(mailing: Mailing, gateway: PracticeGateway, repeats: int) -> None:
    """Nobody lost, nothing after the end, every figure right, and at most so many repeats."""
    eventually(lambda: figures(mailing) == {"sent": AUDIENCE}, seconds=60)
    assert gateway.accepted() == {message_id for (message_id,) in db.session.execute(select(Message.id))}
    assert gateway.counts().repeated <= repeats
    assert max(seen.first_byte_at for seen in gateway.inbox) < mailing.ends_at.timestamp()


def test_one_killed_one_stopped_and_the_database_started_anew(
    fleet: list[subprocess.Popen[bytes]], gateway: PracticeGateway, audience: int, database: Postgresql
) -> None:
    killed, stopped = fleet[:2]
    mailing = a_mailing()
    assert gateway.wait_for_requests(100, timeout=30)
    killed.kill()
    stopped.send_signal(signal.SIGSTOP)
    assert gateway.wait_for_requests(300, timeout=30)
    hold_nothing()
    with database.away("gone"):
        pass
    everyone_is_sent(mailing, gateway, repeats=2 * 2 * (SEATS + READY))  # of two: as a kill repeats
    stopped.send_signal(signal.SIGCONT)
    eventually(lambda: present() == 3)
    other = a_mailing()
    eventually(lambda: figures(other) == {"sent": AUDIENCE}, seconds=60)
    assert figures(mailing) == {"sent": AUDIENCE}


@a_fleet_of_two
def test_workers_are_replaced_one_by_one(
    fleet: list[subprocess.Popen[bytes]], start: Start, gateway: PracticeGateway, audience: int
) -> None:
    mailing = a_mailing()
    for number, old in enumerate(fleet, start=1):
        assert gateway.wait_for_requests(number * 100, timeout=30)
        start("worker", gateway_concurrency=SEATS)
        old.send_signal(signal.SIGTERM)
        assert old.wait(15) == 0
    everyone_is_sent(mailing, gateway, repeats=0)


@a_fleet_of_two
def test_the_queue_holds_no_truth(
    fleet: list[subprocess.Popen[bytes]], gateway: PracticeGateway, audience: int, database_url: str
) -> None:
    """Every row of every table of the queue is deleted, again and again while a mailing is under way."""
    mailing = a_mailing()
    for number in range(1, 5):
        assert gateway.wait_for_requests(number * 100, timeout=30)
        empty_the_queue(database_url)
    everyone_is_sent(mailing, gateway, repeats=0)
    eventually(lambda: jobs_at_work(database_url) == 0)
    assert [worker.poll() for worker in fleet] == [None] * 2


@a_fleet_of_two
def test_a_hold_binds_the_fleet(fleet: list[subprocess.Popen[bytes]], gateway: PracticeGateway, audience: int) -> None:
    mailing = a_mailing()
    assert gateway.wait_for_requests(100, timeout=30)
    gateway.set_weather("401")
    eventually(is_held)
    gateway.wait_for_requests(gateway.counts().received + 4 * SEATS, timeout=0.5)  # what was on the wire arrives
    seen = gateway.counts().received
    assert not gateway.wait_for_requests(seen + 3, timeout=3)  # a probe a minute, whichever minute it is
    assert figures(mailing).keys() == {"sent", "pending"}


def test_the_web_is_ready_when_a_worker_is_there(app: Flask, start: Start, gateway: PracticeGateway) -> None:
    number = a_crowd(8)
    port = free_port()
    start("serve", port=port, dispatcher="fleet")
    eventually(lambda: is_served(port))
    mailing = a_mailing()
    assert readiness(port) == 503
    worker = start("worker")
    eventually(lambda: readiness(port) == 200)
    eventually(lambda: figures(mailing) == {"sent": number})
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(15) == 0
    assert readiness(port) == 503


def test_a_file_of_clients_is_taken_in(app: Flask, start: Start) -> None:
    rows = 2000
    content = "phone\n" + "".join(f"{a_phone()}\n" for _ in range(rows))
    brought = imports.receive(io.BytesIO(content.encode()), "clients.csv")
    for _ in range(2):
        start("worker")
    eventually(lambda: stands(brought.id) is ImportState.CHECKED)
    imports.begin(brought.id)
    eventually(lambda: stands(brought.id) is ImportState.DONE)
    assert db.session.scalar(select(func.count(Client.id))) == rows


def stands(import_id: int) -> ImportState:
    """How far an import is."""
    db.session.commit()
    return imports.get(import_id).state


def is_held() -> bool:
    """Whether the gateway gets nothing but a probe."""
    db.session.commit()
    return bool(db.session.scalar(select(GatewayState.hold)))


def empty_the_queue(database_url: str) -> None:
    """Delete every row of every table that procrastinate has."""
    with queue(database_url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA]).fetchall()
        assert len(tables) >= 4
        names = ", ".join(name for (name,) in tables)
        connection.execute(f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE")
        connection.execute("; ".join(f"DELETE FROM {name}" for (name,) in sorted(tables, key=in_which_order)))


def in_which_order(table: tuple[str]) -> int:
    """Those first that point at others."""
    return ["periodic_defers", "events", "jobs", "workers"].index(table[0].removeprefix("procrastinate_"))


def jobs_at_work(database_url: str) -> int:
    """How many jobs of the lane that sends are at work."""
    with queue(database_url) as connection:
        [(number,)] = connection.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'send' AND status = 'doing'"
        )
        return int(number)


def queue(database_url: str) -> "psycopg.Connection[tuple[object, ...]]":
    address, manners = libpq(make_settings(database_url).database_url, SCHEMA)
    return psycopg.connect(address, **manners)


def readiness(port: int) -> int:
    """The status of `/readyz`."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
