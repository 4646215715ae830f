"""The database goes away while a mailing is under way, in every way we know, and comes back."""

import http.cookiejar
import json
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from sqlalchemy import select, update

from mailing_app import access, clock
from mailing_app.db import PATIENCE, db, look_again, transaction
from mailing_app.models import Dispatcher, Mailing, Role, Scope, SignIn
from mailing_app.practice import PracticeGateway
from tests.conftest import PASSWORD
from tests.dispatch.test_storage import figures
from tests.factories import a_mailing, some_clients
from tests.processes import outages
from tests.processes.conftest import WORKER, Start, eventually, free_port, is_served
from tests.processes.outages import DATABASES, Database, hold_nothing
from tests.web.pages import fields

SEATS, AUDIENCE = 8, 40


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "way" in metafunc.fixturenames:
        metafunc.parametrize("way", DATABASES[metafunc.config.getoption("--database")].WAYS)


database, database_url, app = outages.database, outages.database_url, outages.app


class Answer(NamedTuple):
    status: int
    headers: Any
    text: str


class Visitor:
    """A browser and a program before one served port; they are told of errors as of anything else."""

    def __init__(self, port: int):
        access.add_operator("Ada", PASSWORD, Role.OPERATOR)
        self._home, self._token = f"http://127.0.0.1:{port}", access.add_token("shop", Scope.WRITE)
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> Answer:
        return self._send(path)

    def sign_in(self) -> Answer:
        token = fields(self.get("/login").text, "csrf_token")["csrf_token"]
        form = {"csrf_token": token, "name": "Ada", "password": PASSWORD}
        return self._send("/login", urllib.parse.urlencode(form).encode())

    def add_client(self) -> Answer:
        sent = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        return self._send("/api/v1/clients", json.dumps({"phone": "79991234567"}).encode(), sent)

    def _send(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        request = urllib.request.Request(self._home + path, body, headers or {})
        try:
            with self._browser.open(request, timeout=30) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read().decode())


@pytest.fixture
def under_way(app: Flask, gateway: PracticeGateway) -> Iterator[Mailing]:
    """A mailing whose first messages the gateway has and does not answer yet, as soon as somebody sends it."""
    some_clients(AUDIENCE)
    gateway.close_gate()
    yield a_mailing()
    gateway.open_gate()


def test_what_is_answered_meanwhile_is_recorded_later_and_not_sent_again(
    start: Start, gateway: PracticeGateway, database: Database, under_way: Mailing, way: str, tmp_path: Path
) -> None:
    port = free_port()
    process, visitor = start("serve", port=port, gateway_concurrency=SEATS), Visitor(port)
    assert gateway.wait_for_requests(SEATS, timeout=30)
    assert visitor.sign_in().status == 200
    look_long_ago()
    with database.away(way, process.pid):
        gateway.open_gate()
        for refused in (visitor.add_client(), visitor.sign_in()):
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        can_be_read = 503 if way == "gone" else 200
        asked = time.monotonic()
        assert [visitor.get(path).status for path in ("/", "/clients", "/metrics")] == [can_be_read] * 3
        assert time.monotonic() - asked < PATIENCE
        eventually(lambda: told(tmp_path, "dispatch.outage"))
        assert gateway.counts().received == SEATS
    eventually(lambda: figures(under_way) == {"sent": AUDIENCE})
    assert (gateway.counts().received, gateway.counts().repeated) == (AUDIENCE, 0)
    assert [visitor.get(path).status for path in ("/", "/clients", "/readyz")] == [200] * 3
    assert visitor.add_client().status == 201
    beginnings_and_ends(tmp_path)


def test_a_service_that_starts_without_its_database_works_as_soon_as_it_is_there(
    start: Start, gateway: PracticeGateway, database: Database, under_way: Mailing, way: str, tmp_path: Path
) -> None:
    gateway.open_gate()
    port = free_port()
    visitor = Visitor(port)
    hold_nothing()
    process = start("serve", port=port)
    with database.away(way, process.pid):
        eventually(lambda: is_served(port) and told(tmp_path, "dispatch.outage"))
        assert visitor.add_client().status == 503
        assert visitor.get("/readyz").status == 503
        assert gateway.counts().received == 0
    eventually(lambda: figures(under_way) == {"sent": AUDIENCE})
    assert visitor.get("/readyz").status == 200
    beginnings_and_ends(tmp_path)


@pytest.mark.parametrize("command", ["dispatcher", WORKER])
def test_an_orderly_end_comes_in_time_without_the_database(
    start: Start, gateway: PracticeGateway, database: Database, under_way: Mailing, command: str
) -> None:
    process = start(command, gateway_concurrency=SEATS)
    assert gateway.wait_for_requests(SEATS, timeout=30)
    hold_nothing()
    with database.away("locked", process.pid):
        gateway.open_gate()
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0  # tries to record for nearly all of the 12 s that it has
    start("dispatcher")
    eventually(lambda: figures(under_way) == {"sent": AUDIENCE}, seconds=60)
    assert gateway.counts().repeated <= SEATS


def test_nobody_counts_as_dead_because_nobody_could_beat(
    app: Flask, start: Start, gateway: PracticeGateway, database: Database
) -> None:
    timeout = 2
    pids = [start("dispatcher", gateway_concurrency=SEATS, gateway_timeout=timeout).pid for _ in range(2)]
    eventually(lambda: len(beats()) == 2)
    some_clients(AUDIENCE)
    gateway.close_gate()
    mailing = a_mailing()
    assert gateway.wait_for_requests(SEATS, timeout=30)
    with database.away("locked", *pids):
        gateway.open_gate()
        lease = timedelta(seconds=2 * timeout + 15)
        eventually(lambda: clock.now() - max(beats()) > lease + timedelta(seconds=2), seconds=60)
    eventually(lambda: figures(mailing) == {"sent": AUDIENCE})
    assert (gateway.counts().received, gateway.counts().repeated) == (AUDIENCE, 0)
    assert len(beats()) == 2  # none enlisted anew


def beats() -> Sequence[datetime]:
    """When each dispatcher that ever enlisted was last heard of."""
    look_again()
    return db.session.scalars(select(Dispatcher.beat_at)).all()


def look_long_ago() -> None:
    """Let every sign-in be one whose next request would be noted, and hold nothing of the database."""
    with transaction() as session:
        session.execute(update(SignIn).values(seen_at=clock.now() - timedelta(minutes=2)))
    hold_nothing()


def told(folder: Path, logger: str) -> list[str]:
    """What the service's log says under that name."""
    lines = [json.loads(line) for line in (folder / "0.log").read_text().rpartition("\n")[0].splitlines()]
    return [line["message"] for line in lines if line["logger"] == f"mailing_app.{logger}"]


def beginnings_and_ends(folder: Path) -> None:
    """Who plans, sends and imports told of an outage at most once, of its end as often, and nobody told a traceback."""
    begun, ended = "database unavailable", "database back"
    eventually(lambda: (lines := told(folder, "dispatch.outage")).count(begun) == lines.count(ended))
    assert len(told(folder, "dispatch.outage")) in (2, 4, 6)
    assert "Traceback" not in (folder / "0.log").read_text()
