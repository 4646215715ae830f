"""The gateway as a server: starting, vanishing, and clients that do not behave."""

import socket
import struct
import threading

import pytest

from mailing_app.practice import PracticeGateway
from tests.practice.conftest import message, read_all


def test_taken_port_is_an_error(gateway):
    with pytest.raises(OSError, match="in use"):
        PracticeGateway(port=gateway.port).start()


def test_threads_end_with_the_gateway():
    before = threading.enumerate()
    with PracticeGateway() as gateway, socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        connection.sendall(message(1))
        assert gateway.wait_for_requests(1)
    assert threading.enumerate() == before


def test_stopping_twice_or_before_the_start_is_harmless():
    gateway = PracticeGateway()
    gateway.stop()
    gateway.start()
    gateway.stop()
    gateway.stop()


def test_serving_for_ever_ends_with_stop():
    listens = threading.Event()

    class Announcing(PracticeGateway):
        def start(self):
            super().start()
            listens.set()
            return self

    gateway = Announcing()
    serving = threading.Thread(target=gateway.serve_forever, daemon=True)
    serving.start()
    assert listens.wait(5)
    gateway.stop()
    serving.join(5)
    assert not serving.is_alive()


def is_dropped(connection):
    """Whether the other side has hung up; on a connection that it had not even accepted yet, that is a reset."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def test_vanished_gateway_refuses_and_comes_back_on_its_port(gateway, raw, send):
    port = gateway.port
    idle = raw(b"")
    gateway.vanish()
    assert is_dropped(idle)
    with pytest.raises(ConnectionRefusedError):
        send(1)
    gateway.come_back()
    assert gateway.port == port
    assert send(2).status == 200


def test_vanishing_drops_what_waits_at_the_gate(gateway, raw):
    gateway.close_gate()
    connection = raw(message(1))
    assert gateway.wait_for_requests(1)
    gateway.vanish()
    assert is_dropped(connection)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET http://[ HTTP/1.1\r\n\r\n", 400),
        (b"POST /v1/send/1 HTTP/1.1\r\n\r\n", 411),
        (b"POST /v1/send/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411),
        (b"POST /v1/send/1 HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /v1/send/1 HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST /v1/send/1 HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
        (b"POST /v1/send/1 HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + b"x" * 70_000, 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000, 431),
    ],
)
def test_bad_http_is_answered_and_the_connection_closed(gateway, raw, send, request_bytes, status):
    connection = raw(request_bytes)
    connection.shutdown(socket.SHUT_WR)
    answer = read_all(connection)
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"Connection: close" in answer
    assert send().status == 200


@pytest.mark.parametrize("part", [b"", b"POST /v1", message(1)[:-5], message(1)])
def test_client_that_leaves_harms_nobody(gateway, raw, send, part):
    connection = raw(part)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
    assert send(2).status == 200


def test_client_may_ask_before_it_sends_its_body(raw):
    head, body = message(1).split(b"\r\n\r\n")
    connection = raw(head + b"\r\nExpect: 100-continue\r\n\r\n")
    assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(body)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    "line", [b"GET /whoami HTTP/1.0\r\n\r\n", b"GET /whoami HTTP/1.1\r\nConnection: Close\r\n\r\n"]
)
def test_connection_closes_when_the_client_wants_it(raw, line):
    assert read_all(raw(line)).endswith(b'{"practice_gateway": true}')
