"""What the web server answers by itself, or must not: sizes, framing, methods, headers, seen from a real process."""

import http.client
import json
import re
import socket
from contextlib import closing

import pytest
from flask import Flask

from mailing_app.headers import ALWAYS
from mailing_app.webserver.parser import LARGEST_BODY, LARGEST_FILE, LARGEST_HEAD
from tests.processes.conftest import Start, eventually, free_port, is_served

SECRET = b"tell-nobody"
CHUNKS = b"Transfer-Encoding: chunked"


def asks(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """A request as bytes."""
    return b"\r\n".join([line + b" HTTP/1.1", b"Host: here", *headers, b"", body])


def length(number: int) -> bytes:
    return b"Content-Length: %d" % number


REFUSED = [
    (SECRET + b"\r\n\r\n", 400, "no request"),
    (asks(b"GET /api/v1/clients", SECRET), 400, "no header"),
    (asks(b"GET /login", b"X: " + SECRET + b"\x00"), 400, "a NUL"),
    (asks(b"GET http://[" + SECRET), 400, "half an address"),
    (asks(b"GET /login", b"X: " + b"x" * LARGEST_HEAD), 431, "one large header"),
    (asks(b"GET /login", *(b"X: x" for _ in range(10_000))), 431, "ten thousand headers"),
    (b"GET /login HTTP/3.0\r\n\r\n", 400, "a version of the future"),
    (b"GET /login HTTP/1.1\r\n\r\n", 400, "no host"),
    (asks(b"GET /login", b"Host: elsewhere"), 400, "two hosts"),
    (asks(b"POST /login", length(10), length(11)), 400, "two lengths"),
    (asks(b"POST /login", b"Content-Length: -1"), 400, "a negative length"),
    (asks(b"POST /login", b"Content-Length: " + b"9" * 5000), 400, "a length of 5,000 digits"),
    (asks(b"POST /login", CHUNKS, length(10), body=b"0\r\n\r\n"), 400, "a length and chunks"),
    (b"POST /login HTTP/1.0\r\n" + CHUNKS + b"\r\n\r\n0\r\n\r\n", 400, "chunks in HTTP/1.0"),
    (asks(b"POST /login", b"Transfer-Encoding: gzip, chunked"), 501, "a compressed body"),
    (asks(b"POST /login", CHUNKS, body=SECRET + b"\r\n"), 400, "no chunk"),
    (asks(b"POST /login", CHUNKS, body=b"1" * 9000), 400, "a chunk's head without end"),
    (asks(b"POST /login", CHUNKS, body=b"0\r\nX: " + b"x" * 9000), 400, "a trailer without end"),
    (asks(b"POST /login", length(LARGEST_BODY + 1)), 413, "a form too large"),
    (asks(b"POST /login", length(LARGEST_BODY + 1), b"Expect: 100-continue"), 413, "a form too large, asked before"),
    (asks(b"POST /api/v1/clients", length(300 * 2**20)), 413, "JSON too large"),
    (asks(b"POST /nothing", length(300 * 2**20)), 413, "a body for nobody"),
    (asks(b"POST /clients/import", length(LARGEST_FILE + 1)), 413, "a file too large"),
    (asks(b"POST /api/v1/clients/import", length(LARGEST_FILE + 1)), 413, "a file too large for the API"),
]  # fmt: skip


@pytest.fixture
def port(app: Flask, start: Start) -> int:
    port = free_port()
    start("serve", "--no-dispatcher", port=port, mode="production")
    eventually(lambda: is_served(port))
    return port


def test_what_is_no_request_is_refused_with_the_headers_of_all_answers_and_without_an_echo(port: int) -> None:
    for sent, status, name in REFUSED:
        answer, body = answered(port, sent)
        assert answer.status == status, name
        has_the_headers_of_all(answer)
        assert SECRET not in body, name
        assert b"waitress" not in body, name
        under_api = b" /api" in sent.split(b"\r\n")[0]
        assert answer.headers["Content-Type"].startswith("application/problem+json" if under_api else "text/plain")
        if under_api:
            assert json.loads(body)["status"] == status
    assert is_served(port)


def test_chunks_without_end_end(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as line:
        line.sendall(asks(b"POST /login", CHUNKS))
        sent = 0
        with pytest.raises(ConnectionError):
            while sent < 4 * LARGEST_BODY:
                line.sendall(b"10000\r\n" + b"x" * 2**16 + b"\r\n")
                sent += 2**16
    assert LARGEST_BODY // 2 < sent < 4 * LARGEST_BODY
    assert is_served(port)


def test_a_body_of_ten_megabytes_is_refused_in_the_words_of_the_application(port: int) -> None:
    body = b" " * 10_000_000
    for address in (b"/login", b"/language", b"/logout", b"/clients/import"):
        answer, _ = answered(port, asks(b"POST " + address, length(len(body)), b"Connection: close", body=body))
        assert answer.status in (302, 400, 401, 413), address
        has_the_headers_of_all(answer)


def test_requests_in_a_row_are_answered_in_a_row(port: int) -> None:
    row = [asks(b"GET /healthz"), asks(b"GET /api/v1/nothing"), asks(b"GET /healthz", b"Connection: close")]
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as line:
        line.sendall(b"".join(row))
        told = b""
        while piece := line.recv(65536):
            told += piece
    assert re.findall(rb"HTTP/1.1 (\d+)", told) == [b"200", b"404", b"200"]


def test_a_body_that_ends_early_is_nobody_s_request(port: int) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as line:
        line.sendall(asks(b"POST /api/v1/clients", length(100), body=b"short"))
        line.shutdown(socket.SHUT_WR)
        assert line.recv(65536) == b""
    assert is_served(port)


def answered(port: int, sent: bytes) -> tuple[http.client.HTTPResponse, bytes]:
    """The answer to some bytes, and its body."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=30)) as line:
        line.sendall(sent)
        answer = http.client.HTTPResponse(line)
        answer.begin()
        return answer, answer.read()


def has_the_headers_of_all(answer: http.client.HTTPResponse) -> None:
    """What every answer carries in production, and what none does."""
    assert {name: answer.headers[name] for name in ALWAYS} == ALWAYS
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"]
    assert not {"Server", "Via", "X-Powered-By"} & set(answer.headers)
