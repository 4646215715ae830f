"""The main job with real processes: sent by itself, in time, past faults, kills and orderly ends."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from config import ROOT
from mailing_app import clock
from mailing_app.db import db, many_may_write
from mailing_app.dispatch.pump import READY
from mailing_app.models import Dispatcher, Mailing, Message
from mailing_app.practice import PracticeGateway, Weather
from tests.dispatch.test_storage import figures
from tests.factories import a_client, a_crowd, a_mailing
from tests.processes.conftest import WORKER, Start, eventually, free_port


@pytest.fixture
def audience(app: Flask) -> int:
    """Two thousand clients."""
    return a_crowd(2000)


def settled(mailing: Mailing) -> bool:
    told = figures(mailing)
    return bool(told) and not {"pending", "sending"} & told.keys()


def is_enlisted() -> bool:
    """Whether a dispatcher is there."""
    db.session.commit()
    return db.session.scalar(select(Dispatcher.id)) is not None


def proof(mailing: Mailing, gateway: PracticeGateway) -> None:
    """No request began at or after the end."""
    assert max(seen.first_byte_at for seen in gateway.inbox) < mailing.ends_at.timestamp()


def test_a_mailing_starts_by_itself_within_three_seconds(app: Flask, start: Start, gateway: PracticeGateway) -> None:
    a_client()
    start("dispatcher")
    eventually(is_enlisted)
    begins = clock.now() + timedelta(seconds=2)
    a_mailing(starts_at=begins)
    assert gateway.wait_for_requests(1, timeout=20)
    late = gateway.inbox[0].first_byte_at - begins.timestamp()
    assert 0 <= late < 3


def test_the_end_cuts_a_mailing_off(start: Start, gateway: PracticeGateway, audience: int) -> None:
    gateway.latency = 0.2
    start("dispatcher", gateway_concurrency=16)
    eventually(is_enlisted)
    mailing = a_mailing(ends_at=clock.now() + timedelta(seconds=5))
    eventually(lambda: settled(mailing))
    told = figures(mailing)
    assert set(told) == {"sent", "expired"}
    assert told["sent"] == len(gateway.accepted())
    proof(mailing, gateway)


def test_a_gateway_that_goes_and_comes_back(start: Start, gateway: PracticeGateway, audience: int) -> None:
    port = free_port()
    start("serve", port=port)
    mailing = a_mailing()
    assert gateway.wait_for_requests(200, timeout=20)
    gateway.vanish()
    eventually(lambda: figures(mailing) and db.session.scalar(select(Dispatcher.breaker)) == "open")
    assert page(port, "/healthz")
    gateway.come_back()
    eventually(lambda: figures(mailing) == {"sent": audience}, seconds=60)
    assert gateway.accepted() == {message_id for (message_id,) in db.session.execute(select(Message.id))}


@pytest.mark.parametrize("kind", ["500", "garbage", "429"])
def test_foul_weather_loses_nobody(start: Start, gateway: PracticeGateway, audience: int, kind: str) -> None:
    start("dispatcher")
    eventually(is_enlisted)
    gateway.set_weather(Weather(kind, share=0.05, seconds=1 if kind == "429" else None, for_seconds=2.0))
    mailing = a_mailing()
    eventually(lambda: figures(mailing) == {"sent": audience}, seconds=90)
    assert len(gateway.accepted()) == audience


def test_a_kill_repeats_at_most_what_was_in_flight(start: Start, gateway: PracticeGateway, audience: int) -> None:
    gateway.latency = 0.02
    mailing = a_mailing()
    for _ in range(3):
        before = len(gateway.accepted())
        process = start("dispatcher", gateway_concurrency=16)
        assert gateway.wait_for(lambda before=before: len(gateway.accepted()) > before + 100, timeout=20)
        process.kill()
        process.wait()
    start("dispatcher", gateway_concurrency=16)
    eventually(lambda: figures(mailing) == {"sent": audience}, seconds=60)
    assert gateway.counts().distinct == audience
    at_risk = 16 + READY  # on the wire, and what lay ready
    if many_may_write():
        at_risk *= 2  # and what was being recorded beside
    assert gateway.counts().repeated <= 3 * at_risk


def test_two_dispatchers_send_nothing_twice(start: Start, gateway: PracticeGateway, audience: int) -> None:
    gateway.latency = 0.02
    for _ in range(2):
        start("dispatcher", gateway_concurrency=16)
    mailing = a_mailing()
    eventually(lambda: figures(mailing) == {"sent": audience}, seconds=60)
    assert (gateway.counts().received, gateway.counts().repeated) == (audience, 0)


@pytest.mark.parametrize("command", ["serve", "dispatcher", WORKER])
def test_an_orderly_end_within_twelve_seconds(
    start: Start, gateway: PracticeGateway, audience: int, command: str
) -> None:
    gateway.latency = 0.5
    process = start(command, port=free_port(), gateway_concurrency=16)
    mailing = a_mailing()
    assert gateway.wait_for_requests(20, timeout=20)
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert time.monotonic() - asked < 12
    told = figures(mailing)
    assert told == {"sent": len(gateway.accepted()), "pending": audience - len(gateway.accepted())}


@pytest.mark.parametrize("command", ["serve", "dispatcher", WORKER])
def test_a_second_signal_leaves_at_once(app: Flask, start: Start, gateway: PracticeGateway, command: str) -> None:
    number = a_crowd(8)
    gateway.set_weather("hanging")
    process = start(command, port=free_port(), gateway_concurrency=4)
    mailing = a_mailing()
    assert gateway.wait_for_requests(4, timeout=20)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(Exception, match="timed out"):
        process.wait(1)
    process.send_signal(signal.SIGTERM)
    process.wait(2)
    assert figures(mailing)["sending"] == 4
    gateway.set_weather("fair")
    start("dispatcher")
    eventually(lambda: figures(mailing) == {"sent": number}, seconds=60)


@pytest.mark.parametrize("way", ["a pipe", "a file in its place"])
def test_clients_come_through_the_standard_input(app: Flask, database_url: str, tmp_path: Path, way: str) -> None:
    file = tmp_path / "clients.csv"
    file.write_bytes("телефон;тег\n8 900 123-45-67;осень\n".encode("cp1251"))
    command = f"{sys.executable} -m flask clients import -"
    told = subprocess.run(
        ["sh", "-c", f"cat {file} | {command}" if way == "a pipe" else f"{command} < {file}"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": database_url},
        capture_output=True,
        check=True,
    )
    assert told.stdout.decode().strip() == "1 created, 0 updated, 0 unchanged, 0 rejected"


def page(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        body: bytes = answer.read()
        return body
