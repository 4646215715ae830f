"""Clients who drip, stall, lie or come in crowds take neither threads nor connections from those who do not."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest
from flask import Flask

from mailing_app import access, bulkhead
from mailing_app.models import Scope
from mailing_app.webserver.channel import MOST_CONNECTIONS
from tests.dispatch.test_storage import enrolled
from tests.factories import a_crowd
from tests.processes.conftest import Start, eventually, free_port, is_served
from tests.processes.hurried import PATIENCE, ROOM_FOR_BODIES

HEAD = b"GET /healthz HTTP/1.1\r\nHost: here\r\nX-Slow: "
BODY = b"POST /login HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\n"
FILE = b"POST /api/v1/clients/import HTTP/1.1\r\nHost: here\r\nContent-Length: 100000000\r\n\r\n"
SOON = 3 * PATIENCE
"""Seconds within which whoever is given up notices it: patience, a round of the server, and a busy machine."""

Connect = Callable[[], socket.socket]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def hurried(start: Start, port: int) -> None:
    """A server that has two seconds for anybody."""
    start("serve", "--no-dispatcher", module="tests.processes.hurried", port=port)
    eventually(lambda: is_served(port))


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Open a connection of which the system buffers next to nothing."""
    with ExitStack() as kept:

        def connect() -> socket.socket:
            line = kept.enter_context(closing(socket.socket()))
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.settimeout(30)
            line.connect(("127.0.0.1", port))
            return line

        yield connect


@pytest.fixture
def report(app: Flask) -> str:
    """The address of a report of some hundred kilobytes."""
    a_crowd(3000)
    return f"/api/v1/mailings/{enrolled().id}/report.csv"


def test_pages_are_answered_beside_everybody_who_is_slow(
    app: Flask, start: Start, port: int, connect: Connect, report: str
) -> None:
    start("serve", "--no-dispatcher", module="tests.processes.hurried", port=port, patience=30)
    eventually(lambda: is_served(port))
    dripping = [*(connect() for _ in range(50)), *(connect() for _ in range(25))]
    silent = [connect() for _ in range(25)]
    for number, line in enumerate(dripping):
        line.sendall(HEAD if number < 50 else BODY)
    stalled = [stalled_reader(connect, report, f"reader {number}") for number in range(8)]
    with drips(dripping):
        waits = [seconds_of_a_page(port) for _ in range(40)]
        assert max(waits) < 2
    assert sorted(status_of(line) for line in stalled) == [200] * bulkhead.AT_ONCE + [429] * (8 - bulkhead.AT_ONCE)
    for line in [*dripping, *silent]:
        assert not is_closed(line)


def test_a_reader_who_takes_nothing_is_given_up_and_its_place_is_free_again(
    hurried: None, connect: Connect, report: str, port: int
) -> None:
    token = access.add_token("stalled", Scope.READ)
    stalled = [stalled_reader(connect, report, token=token) for _ in range(bulkhead.BY_ONE)]
    assert [status_of(line) for line in stalled] == [200] * bulkhead.BY_ONE
    began = time.monotonic()
    assert status(port, report, token) == 429
    eventually(lambda: status(port, report, token) == 200)
    assert time.monotonic() - began < SOON


def test_a_reader_who_takes_what_there_is_in_his_own_time_gets_all(
    hurried: None, connect: Connect, report: str
) -> None:
    line = stalled_reader(connect, report, "slow reader")
    began, taken = time.monotonic(), 0
    while piece := line.recv(16_384 if time.monotonic() - began < SOON else 2**20):
        taken += len(piece)
        if time.monotonic() - began < SOON:
            time.sleep(0.3)  # it is the slow one
    assert taken > 250_000


@pytest.mark.parametrize("sent", [b"", HEAD, BODY, FILE], ids=["nothing", "a head", "a form", "a file"])
def test_who_drips_is_given_up_when_the_patience_is_over(hurried: None, connect: Connect, sent: bytes) -> None:
    line = connect()
    line.sendall(sent)
    with drips([line] if sent else []):
        began = time.monotonic()
        assert is_closed(line, within=30)
        assert PATIENCE / 2 < time.monotonic() - began < SOON


def test_a_body_that_comes_slowly_but_comes_is_taken(hurried: None, connect: Connect) -> None:
    line, began, length = connect(), time.monotonic(), 40
    line.sendall(b"POST /api/v1/clients HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: 40000\r\n\r\n")
    for _ in range(length):
        line.sendall(b" " * 1000)
        time.sleep(2 * PATIENCE / length)  # it is the slow one
    assert status_of(line) == 401
    assert time.monotonic() - began > PATIENCE


def test_the_slowest_body_gives_way_when_there_is_no_room_for_all(hurried: None, connect: Connect) -> None:
    slow, fast = connect(), connect()
    half = b"x" * (ROOM_FOR_BODIES // 2 + 2**19)
    slow.sendall(FILE + half)
    time.sleep(PATIENCE / 2)  # it is the slow one
    fast.sendall(FILE + half)
    assert is_closed(slow, within=PATIENCE / 4)
    assert not is_closed(fast)


def test_a_crowd_of_idle_connections_shuts_nobody_out(app: Flask, start: Start, connect: Connect, port: int) -> None:
    start("serve", "--no-dispatcher", port=port)
    eventually(lambda: is_served(port))
    crowd = [connect() for _ in range(MOST_CONNECTIONS + 50)]
    crowd[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: here\r\n\r\n")
    assert status_of(crowd[-1]) == 200
    assert is_served(port)
    assert is_closed(crowd[0], within=5)
    assert not is_closed(crowd[-1])


def stalled_reader(connect: Connect, address: str, name: str = "", token: str = "") -> socket.socket:
    """A connection that asked for a file, and of which nobody reads."""
    line, token = connect(), token or access.add_token(name, Scope.READ)
    line.sendall(f"GET {address} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    return line


def status_of(line: socket.socket) -> int:
    """The status that a connection answers with."""
    return int(line.recv(12, socket.MSG_WAITALL).split()[1])


def status(port: int, address: str, token: str) -> int:
    """The status that a reader gets who reads to the end."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request("GET", address, headers={"Authorization": f"Bearer {token}"})
        answer = line.getresponse()
        answer.read()
        return answer.status


def seconds_of_a_page(port: int) -> float:
    """How long the page of the login takes, a connection included."""
    began = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as line:
        line.request("GET", "/login")
        assert line.getresponse().status == 200
    return time.monotonic() - began


def is_closed(line: socket.socket, within: float = 0.1) -> bool:
    """Whether the server has closed the connection, or does so within these seconds, whatever it says before."""
    line.settimeout(within)
    try:
        while line.recv(65536):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@contextmanager
def drips(lines: list[socket.socket]) -> Iterator[None]:
    """Meanwhile each of the connections sends a byte now and then."""
    over = threading.Event()

    def drip() -> None:
        while not over.wait(0.2):
            for line in lines:
                with suppress(OSError):
                    line.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
