"""A message sent to the practice gateway is judged, kept and answered."""

import socket
import threading
import time
from itertools import count
from types import SimpleNamespace

import pytest

from mailing_app.practice import PracticeGateway
from tests.practice.conftest import PHONE, message, read_all


def test_good_message_is_accepted_and_kept(gateway, send):
    before = time.time()
    reply = send(17, text="Привет", Authorization="Bearer secret")
    assert (reply.status, reply.json()) == (200, {"code": 0, "message": "OK"})
    (received,) = gateway.inbox
    assert (received.message_id, received.phone, received.text) == (17, PHONE, "Привет")
    assert (received.authorization, received.weather, received.accepted) == ("Bearer secret", "fair", True)
    assert before <= received.first_byte_at <= received.received_at <= time.time()
    assert gateway.accepted() == {17}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        ({"id": 18, "phone": 1, "text": ""}, "address"),
        ({"id": "17", "phone": 1, "text": ""}, "id"),
        ({"id": True, "phone": 1, "text": ""}, "id"),
        ({"id": 17, "phone": "1", "text": ""}, "phone"),
        ({"id": 17, "phone": 1.0, "text": ""}, "phone"),
        ({"id": 17, "phone": False, "text": ""}, "phone"),
        ({"id": 17, "phone": 1}, "text"),
        ({"id": 17, "phone": 1, "text": None}, "text"),
        ([17], "object"),
        (b"{", "JSON"),
        (b"\xff", "JSON"),
        (b"[" * 60_000, "JSON"),
        (b'{"id": ' + b"1" * 5_000 + b"}", "JSON"),
    ],
)
def test_malformed_message_is_refused_with_the_reason_and_not_kept(gateway, ask, payload, reason):
    reply = ask("POST", "/v1/send/17", payload)
    assert reply.status == 400
    assert reason in reply.json()["error"]
    assert gateway.inbox == []


def test_other_token_is_refused_but_seen(gateway, send):
    gateway.token = "right"
    reply = send(1, Authorization="Bearer wrong")
    assert reply.status == 401
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert send(2, Authorization="Bearer right").status == 200
    assert [received.accepted for received in gateway.inbox] == [False, True]


def test_one_connection_serves_many_messages(raw):
    connection = raw(message(1) + message(2) + message(3))
    connection.shutdown(socket.SHUT_WR)
    assert read_all(connection).count(b'{"code": 0, "message": "OK"}') == 3


def test_first_byte_is_told_from_the_last(gateway, raw, monkeypatch):
    has_read = threading.Event()
    ticks = count(1)

    def tick():
        has_read.set()
        return next(ticks)

    monkeypatch.setattr("mailing_app.practice.connection.time", SimpleNamespace(time=tick))
    connection = raw(message(1)[:10])
    assert has_read.wait(5)
    connection.sendall(message(1)[10:])
    assert gateway.wait_for_requests(1)
    (received,) = gateway.inbox
    assert received.first_byte_at == 1 < received.received_at


def test_closed_gate_keeps_messages_unanswered_until_it_opens(gateway, raw):
    gateway.close_gate()
    connections = [raw(message(number)) for number in range(3)]
    assert gateway.wait_for_requests(3)
    connections[0].settimeout(0.05)
    with pytest.raises(TimeoutError):
        connections[0].recv(1)
    gateway.open_gate()
    for connection in connections:
        connection.settimeout(5)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")


def test_latency_delays_fair_answers(gateway, send):
    gateway.latency = 0.05
    began = time.monotonic()
    assert send().status == 200
    assert time.monotonic() - began >= 0.05


def test_inbox_keeps_the_last_and_counts_all():
    with PracticeGateway(keep=2) as gateway:
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=5) as connection:
            connection.sendall(message(1) + message(1) + message(2) + message(3))
            assert gateway.wait_for_requests(4)
        assert [received.message_id for received in gateway.inbox] == [2, 3]
        counts = gateway.counts()
    assert (counts.received, counts.accepted, counts.distinct, counts.repeated) == (4, 4, 3, 1)


def test_wait_for_gives_up(gateway):
    assert not gateway.wait_for_requests(1, timeout=0.01)


def test_many_connections_lose_nothing(gateway, raw):
    connections = [raw(b"".join(message(n * 100 + k) for k in range(20))) for n in range(32)]
    assert gateway.wait_for_requests(640)
    assert gateway.counts().distinct == 640
    for connection in connections:
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection).count(b"HTTP/1.1 200") == 20
