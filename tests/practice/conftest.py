"""A gateway for each test, and clients that are closed when the test ends."""

import http.client
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any, NamedTuple

import pytest

from mailing_app.practice import PracticeGateway

PHONE = 79001234567


class Reply(NamedTuple):
    """An answer read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def message(message_id: int, phone: int = PHONE, text: str = "Hello") -> bytes:
    """The bytes of a whole, good send request."""
    body = json.dumps({"id": message_id, "phone": phone, "text": text}).encode()
    return f"POST /v1/send/{message_id} HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.fixture
def gateway() -> Iterator[PracticeGateway]:
    with PracticeGateway() as gateway:
        yield gateway


@pytest.fixture
def raw(gateway: PracticeGateway) -> Iterator[Callable[[bytes], socket.socket]]:
    """Send bytes on a connection of their own, and get the socket."""
    with ExitStack() as sockets:

        def send(data: bytes) -> socket.socket:
            connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=5)
            sockets.enter_context(connection)
            connection.sendall(data)
            return connection

        yield send


@pytest.fixture
def ask(gateway: PracticeGateway) -> Callable[..., Reply]:
    """One request on a connection of its own, read to its end."""

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Reply:
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        with closing(http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=5)) as connection:
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            return Reply(answer.status, answer.headers, answer.read())

    return ask


@pytest.fixture
def send(ask: Callable[..., Reply]) -> Callable[..., Reply]:
    """Send one message."""

    def send(message_id: int = 17, phone: int = PHONE, text: str = "Hello", **headers: str) -> Reply:
        return ask("POST", f"/v1/send/{message_id}", {"id": message_id, "phone": phone, "text": text}, **headers)

    return send


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))
