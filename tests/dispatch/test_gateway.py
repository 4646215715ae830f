"""The exchange over real sockets: what left, what came back, and that nothing makes it overrun its deadline."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from mailing_app import clock
from mailing_app.dispatch.gateway import Address, post
from mailing_app.dispatch.judge import LONGEST_BODY, judge
from mailing_app.dispatch.parts import Outcome, Reached
from mailing_app.dispatch.recall import Recall
from mailing_app.local_time import Window
from mailing_app.practice import PracticeGateway, Weather
from tests.dispatch.samples import an_envelope

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD = b'{"code": 0, "message": "OK"}'
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + GOOD + b"\r\n0\r\n"
"""A body as it is sent in pieces, up to the fields that may follow it."""
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"


def outcome(address: Address, **given: object) -> Outcome:
    """What posting one message comes to; and it never takes much longer than its deadline."""
    began = clock.monotonic()
    verdict = judge(post(address, Recall(), an_envelope(**given)), {})
    assert clock.monotonic() - began < address.timeout + 1
    return verdict.outcome


def test_the_request_is_what_the_contract_says(gateway: PracticeGateway, address: Address) -> None:
    answer = post(address, Recall(), an_envelope())
    [seen] = gateway.inbox
    assert judge(answer, {}).outcome is Outcome.ACCEPTED
    assert seen.body.decode() == '{"id": 17, "phone": 79001234567, "text": "Hello, мир!"}'
    assert seen.authorization == "Bearer secret"
    assert answer.began_at.timestamp() <= seen.first_byte_at <= answer.ended_at.timestamp()


def test_a_retry_is_the_same_bytes(gateway: PracticeGateway, address: Address) -> None:
    for _ in range(2):
        post(address, Recall(), an_envelope())
    first, second = gateway.inbox
    assert first.body == second.body


@pytest.mark.parametrize(
    ("weather", "expected"),
    [
        ("down", Outcome.BUSY),
        ("500", Outcome.GATEWAY_ERROR),
        ("429", Outcome.THROTTLED),
        ("401", Outcome.TOKEN_REFUSED),
        ("garbage", Outcome.UNREADABLE),
        ("html", Outcome.UNREADABLE),
        ("code", Outcome.REFUSED_CODE),
        ("reset", Outcome.CUT_OFF),
        (Weather("slow", seconds=0.2), Outcome.ACCEPTED),
    ],
)
def test_weather(gateway: PracticeGateway, address: Address, weather: Weather | str, expected: Outcome) -> None:
    gateway.set_weather(weather)
    assert outcome(address) is expected


@pytest.mark.parametrize("weather", ["hanging", Weather("dripping", seconds=0.1)])
def test_weather_without_end(gateway: PracticeGateway, hasty: Address, weather: Weather | str) -> None:
    gateway.set_weather(weather)
    assert outcome(hasty) is Outcome.CUT_OFF


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (HEAD + b"Content-Length: 28\r\n\r\n" + GOOD, Outcome.ACCEPTED),
        (HEAD + b"\r\n" + GOOD, Outcome.ACCEPTED),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + GOOD + b"\r\n0\r\n\r\n", Outcome.ACCEPTED),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 28\r\n\r\n" + GOOD, Outcome.ACCEPTED),
        (HEAD + b"Content-Length: 99\r\n\r\n" + GOOD, Outcome.CUT_OFF),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + GOOD, Outcome.CUT_OFF),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", Outcome.CUT_OFF),
        (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00", Outcome.UNREADABLE),
        (HEAD + b"\r\n" + b" " * 70_000 + GOOD, Outcome.UNREADABLE),
        (HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n", Outcome.CUT_OFF),
        (HEAD + b"X: y\r\n" * 9_000 + b"\r\n", Outcome.CUT_OFF),
        (HEAD + b"Content-Length: 28\r\n\r\n" + GOOD + b"\r\n", Outcome.ACCEPTED),
        (HEAD + b"Connection: close\r\nContent-Length: 28\r\n\r\n" + GOOD + b"more", Outcome.ACCEPTED),
        (HEAD.replace(b"\r\n", b"\n") + b"Content-Length: 28\n\n" + GOOD, Outcome.ACCEPTED),
        (SWITCHING + GOOD, Outcome.CUT_OFF),
        (b"", Outcome.CUT_OFF),
        (b"nonsense\r\n\r\n", Outcome.CUT_OFF),
        (b"HTTP/1.1 200", Outcome.CUT_OFF),
        (b"HTTP/1.1 204 No Content\r\n\r\n", Outcome.UNREADABLE),
        (b"HTTP/1.1 099 No\r\n\r\n" + HEAD + b"Content-Length: 28\r\n\r\n" + GOOD, Outcome.CUT_OFF),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1c  \r\n" + GOOD + b"\r\n0\r\n\r\n", Outcome.ACCEPTED),
        (HEAD + CHUNKS + b"Content-Length: 9\r\n\r\n", Outcome.CUT_OFF),
        (HEAD + CHUNKS + b"X: y\r\n" * 90_000 + b"\r\n", Outcome.CUT_OFF),
        (HEAD + CHUNKS + b"X: " + b"y" * 600_000 + b"\r\n\r\n", Outcome.CUT_OFF),
        (HEAD + b"Content-Length: 28\r\n\r\n" + GOOD + SWITCHING, Outcome.ACCEPTED),
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", Outcome.WRONG_ADDRESS),
        (b"HTTP/1.1 307 Again\r\nLocation: http://127.0.0.1:1/x\r\n\r\n" + b"x" * 99_999, Outcome.WRONG_ADDRESS),
    ],
)
def test_raw_answers(gateway: PracticeGateway, address: Address, raw: bytes, expected: Outcome) -> None:
    gateway.script(None, [raw])
    assert outcome(address) is expected
    assert len(gateway.inbox) == 1


def test_a_later_request_never_reads_an_earlier_answer(gateway: PracticeGateway, address: Address) -> None:
    """Two answers to one request: the second one is nobody's, least of all the next message's."""
    twice = (HEAD + b"Content-Length: 28\r\n\r\n" + GOOD) * 2
    gateway.script(17, [twice])
    gateway.script(18, ["500"])
    assert outcome(address) is Outcome.ACCEPTED
    assert outcome(address, message_id=18) is Outcome.GATEWAY_ERROR


@pytest.fixture
def out_of_step() -> Iterator[tuple[str, list[int]]]:
    """A server whose first connection is an answer ahead: where it is, and how many requests each connection got."""
    listener, requests = socket.create_server(("127.0.0.1", 0)), [0, 0]
    listener.settimeout(5.0)
    good = HEAD + b"Content-Length: 28\r\n\r\n" + GOOD
    answers = [[good + good[:9], good], [b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]]

    def serve() -> None:
        with suppress(TimeoutError):
            for place, said in enumerate(answers):
                connection, _ = listener.accept()
                with connection:
                    while requests[place] < len(said) and connection.recv(65_536):
                        requests[place] += 1
                        connection.sendall(said[requests[place] - 1])

    thread = threading.Thread(target=serve)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
    thread.join()
    listener.close()


def test_after_an_answer_with_more_behind_it_the_next_request_takes_another_connection(
    address: Address, out_of_step: tuple[str, list[int]]
) -> None:
    """The rest comes with the next request, and would be read as its answer."""
    url, requests = out_of_step
    assert outcome(replace(address, url=url)) is Outcome.ACCEPTED
    assert outcome(replace(address, url=url), message_id=18) is Outcome.GATEWAY_ERROR
    assert requests == [1, 1]


@pytest.mark.parametrize(
    "first", [HEAD + b"Content-Length: 28\r\n\r\n" + GOOD, b"nonsense\r\n"], ids=["more behind it", "no answer"]
)
def test_what_came_along_with_an_answer_is_never_the_answer_to_the_next_request(first: bytes) -> None:
    """Also where the other side keeps the line, and all of it was read off the network already."""
    good, refused = (HEAD + b"Content-Length: 28\r\n\r\n" + body for body in (GOOD, GOOD.replace(b"0", b"7")))
    with socket.create_server(("127.0.0.1", 0)) as listener, ExitStack() as kept:

        def answer() -> None:
            for said in (first + good, refused):
                line = kept.enter_context(listener.accept()[0])
                line.recv(65_536)
                line.sendall(said)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        address = Address(f"http://127.0.0.1:{listener.getsockname()[1]}", "", timeout=5, connect_timeout=5)
        outcome(address)
        assert outcome(address) is Outcome.REFUSED_CODE
        thread.join(5)


def test_no_more_of_an_answer_is_kept_than_any_has_reason_to_be(gateway: PracticeGateway, address: Address) -> None:
    gateway.script(None, [HEAD + b"\r\n" + b" " * 1_000_000 + GOOD])
    assert len(post(address, Recall(), an_envelope()).body) == LONGEST_BODY + 1


def test_what_follows_a_body_in_chunks_is_no_head(gateway: PracticeGateway, address: Address) -> None:
    gateway.script(None, [b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n" + CHUNKS + b"Retry-After: 99\r\nX: y\r\n\r\n"])
    answer = post(address, Recall(), an_envelope())
    assert answer.headers == {"retry-after": "7", "transfer-encoding": "chunked"}


def test_a_deadline_before_the_first_connection_is_nobodys_fault(address: Address) -> None:
    answer = post(replace(address, timeout=1e-9), Recall(), an_envelope())
    assert (answer.reached, answer.timed_out, answer.own_fault) == (Reached.NOTHING_LEFT, True, False)


def test_nobody_listens(gateway: PracticeGateway, address: Address) -> None:
    gateway.vanish()
    answer = post(address, Recall(), an_envelope())
    assert answer.reached is Reached.NOTHING_LEFT
    assert judge(answer, {}).outcome is Outcome.NOT_SENT


def test_no_such_host(address: Address) -> None:
    assert outcome(replace(address, url="http://gateway.invalid")) is Outcome.NOT_SENT


def test_too_late_for_the_first_byte(gateway: PracticeGateway, address: Address) -> None:
    over = clock.now() - timedelta(milliseconds=1)
    assert outcome(address, closes_at=over) is Outcome.NOT_BEGUN
    assert outcome(address, stale_at=clock.monotonic()) is Outcome.NOT_BEGUN
    assert gateway.inbox == []


def test_too_early_after_the_clock_was_set_back(gateway: PracticeGateway, address: Address) -> None:
    past = Window((clock.now() - timedelta(hours=2)).time(), (clock.now() - timedelta(hours=1)).time())
    assert outcome(address, opens_at=clock.now() + timedelta(hours=1)) is Outcome.NOT_BEGUN
    assert outcome(address, window=past, zone="UTC") is Outcome.NOT_BEGUN
    assert gateway.inbox == []
    assert outcome(address, window=Window(past.closes, past.opens), zone="UTC") is Outcome.ACCEPTED


def test_the_end_does_not_cut_off_an_answer_that_is_under_way(gateway: PracticeGateway, address: Address) -> None:
    gateway.set_weather(Weather("slow", seconds=0.5))
    assert outcome(address, closes_at=clock.now() + timedelta(seconds=0.25)) is Outcome.ACCEPTED


def test_proxies_and_netrc_of_the_environment_are_nobodys_business(
    gateway: PracticeGateway, address: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login thief password thief\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert outcome(address) is Outcome.ACCEPTED
    assert gateway.inbox[0].authorization == "Bearer secret"


def test_connections_are_kept(gateway: PracticeGateway, address: Address) -> None:
    """One connection a thread: a handshake a message would double the cost."""
    sources: set[object] = set()
    accept = socket.socket.accept

    def counting(self: socket.socket) -> tuple[socket.socket, object]:
        connection, source = accept(self)
        sources.add(source)
        return connection, source

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "accept", counting)
        worker = threading.Thread(
            target=lambda: [post(address, Recall(), an_envelope(message_id=id_)) for id_ in range(1, 6)]
        )
        worker.start()
        worker.join()
    assert len(gateway.accepted()) == 5
    assert len(sources) == 1


@pytest.fixture
def tls_port() -> Iterator[int]:
    """A server with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def shake_hands() -> None:
        connection, _ = listener.accept()
        with connection, pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    thread = threading.Thread(target=shake_hands)
    thread.start()
    yield listener.getsockname()[1]
    thread.join()
    listener.close()


def test_a_certificate_nobody_vouches_for_is_a_wrong_address(address: Address, tls_port: int) -> None:
    assert outcome(replace(address, url=f"https://127.0.0.1:{tls_port}")) is Outcome.WRONG_ADDRESS


def test_a_handshake_with_something_else_is_not_sent(gateway: PracticeGateway, address: Address) -> None:
    assert outcome(replace(address, url=gateway.url.replace("http:", "https:"))) is Outcome.NOT_SENT
    assert gateway.inbox == []
