"""Every fault of a gateway, from the wire to the rows: what the gateway saw, and what the database says.

One message meets one fault; then the gateway is well again, and the message finds the end that the fault leaves it.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from mailing_app import clock, holds
from mailing_app.db import db
from mailing_app.dispatch import gate, retry, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.judge import Codes
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.pump import Pump
from mailing_app.models import Attempt, GatewayState, Hold, Message, Status
from mailing_app.practice import PracticeGateway, Weather
from tests.dispatch import rawserver
from tests.dispatch.rawserver import HEAD
from tests.dispatch.test_pump import run
from tests.dispatch.test_storage import enrolled, figures, messages
from tests.factories import a_client

GOOD = b'{"code": 0, "message": "OK"}'


def http(status: int, body: bytes = b"", *headers: bytes) -> bytes:
    """A plain answer."""
    told = b"".join(header + b"\r\n" for header in headers)
    return b"HTTP/1.1 %d Told\r\n%bContent-Length: %d\r\n\r\n%b" % (status, told, len(body), body)


@dataclass(frozen=True)
class After:
    """What a fault leaves: the state of the message after it, and after one more attempt at a gateway that is well."""

    outcome: Outcome
    status: Status = Status.PENDING
    tries: int = 1
    unknown: bool = False
    hold: Hold | None = None
    waits: bool = False
    at_last: Status = Status.SENT


ACCEPTED = After(Outcome.ACCEPTED, Status.SENT)
REFUSED = After(Outcome.REFUSED, Status.FAILED, at_last=Status.FAILED)
CODE = After(Outcome.REFUSED_CODE)
UNREADABLE = After(Outcome.UNREADABLE, unknown=True)
CUT_OFF = After(Outcome.CUT_OFF, unknown=True)
ERROR = After(Outcome.GATEWAY_ERROR, unknown=True)
BUSY = After(Outcome.BUSY)
TOKEN = After(Outcome.TOKEN_REFUSED, tries=0, hold=Hold.TOKEN_REFUSED)
ADDRESS = After(Outcome.WRONG_ADDRESS, tries=0)
THROTTLED = After(Outcome.THROTTLED, tries=0, waits=True)
DUPLICATE = After(Outcome.DUPLICATE, Status.FAILED, at_last=Status.FAILED)

ANSWERS: dict[str, tuple[bytes | str, After]] = {
    "accepted": (http(200, GOOD), ACCEPTED),
    "accepted with 202": (http(202, GOOD), ACCEPTED),
    "accepted in chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + GOOD + b"\r\n0\r\n\r\n", ACCEPTED),
    "accepted after provisional answers": (
        b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 3 + http(200, GOOD),
        ACCEPTED,
    ),
    "accepted, the connection closed": (HEAD + b"Connection: close\r\n\r\n" + GOOD, ACCEPTED),
    "a code that nobody explained": (http(200, b'{"code": 99}'), CODE),
    "a code that means refused": (http(200, b'{"code": 1}'), REFUSED),
    "a code that means busy": (http(200, b'{"code": 2}'), BUSY),
    "a code that means throttled": (http(200, b'{"code": 3}'), THROTTLED),
    "a code that means token refused": (http(200, b'{"code": 4}'), TOKEN),
    "a code that means duplicate": (http(200, b'{"code": 5}'), DUPLICATE),
    "code as a text": (http(200, b'{"code": "0"}'), UNREADABLE),
    "code as true": (http(200, b'{"code": true}'), UNREADABLE),
    "code as a fraction": (http(200, b'{"code": 0.0}'), UNREADABLE),
    "no code": (http(200, b"{}"), UNREADABLE),
    "a list": (http(200, b"[0]"), UNREADABLE),
    "an empty body": (http(200), UNREADABLE),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", UNREADABLE),
    "a web page": (http(200, b"<html><body>OK</body></html>"), UNREADABLE),
    "not UTF-8": (http(200, b"\xff\xfe\x00"), UNREADABLE),
    "deeply nested": (http(200, b"[" * 60_000), UNREADABLE),
    "compressed though not asked for": (http(200, b"\x1f\x8b\x08\x00", b"Content-Encoding: gzip"), UNREADABLE),
    "larger than 64 KiB": (http(200, b" " * 70_000 + GOOD), UNREADABLE),
    "shorter than it said": (HEAD + b"Content-Length: 99\r\n\r\n" + GOOD, CUT_OFF),
    "a chunk cut off": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1c\r\n" + GOOD, CUT_OFF),
    "a chunk without a size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", CUT_OFF),
    "a header that does not end": (HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n", CUT_OFF),
    "nine thousand headers": (HEAD + b"X: y\r\n" * 9_000 + b"\r\n", CUT_OFF),
    "not HTTP": (b"nonsense\r\n\r\n", CUT_OFF),
    "nothing at all": (b"", CUT_OFF),
    "reset": ("reset", CUT_OFF),
    "a redirect that would turn the POST into a GET": (http(302, b"", b"Location: /whoami"), ADDRESS),
    "a redirect elsewhere": (http(307, b"x" * 99, b"Location: http://127.0.0.1:1/"), ADDRESS),
    **{f"status {status}": (http(status), REFUSED) for status in (400, 413, 414, 415, 422, 431)},
    **{f"status {status}": (http(status), TOKEN) for status in (401, 403, 407)},
    **{f"status {status}": (http(status), ADDRESS) for status in (404, 405, 410, 501)},
    **{f"status {status}": (http(status), THROTTLED) for status in (408, 425, 429)},
    **{f"status {status}": (http(status), ERROR) for status in (402, 418, 500, 502, 504, 599)},
    "status 409": (http(409), DUPLICATE),
    "status 503": (http(503), BUSY),
    "status 503 with a date to come back": (http(503, b"", b"Retry-After: Fri, 31 Dec 9999 23:59:59 GMT"), BUSY),
    "status 429 with rubbish": (http(429, b"", b"Retry-After: soon"), THROTTLED),
}

TRICKLES: dict[str, tuple[rawserver.Answer, After]] = {
    "silence": (rawserver.silence, CUT_OFF),
    "a head that drips": (rawserver.dripping_head, CUT_OFF),
    "a body that drips": (rawserver.dripping_body, CUT_OFF),
    "chunks without end": (rawserver.endless_chunks, CUT_OFF),
    "provisional answers without end": (rawserver.endless_patience, CUT_OFF),
    "a flood": (rawserver.a_flood, UNREADABLE),
}

Out = Callable[[PracticeGateway], AbstractContextManager[str]]
"""A way in which the gateway is out of reach: the address at which it is."""

CODES: Codes = {
    1: Outcome.REFUSED, 2: Outcome.BUSY, 3: Outcome.THROTTLED, 4: Outcome.TOKEN_REFUSED, 5: Outcome.DUPLICATE,
}  # fmt: skip


def one_attempt(address: Address) -> None:
    """Claim what is due, post it, record what came of it."""
    pump = Pump(address, 1, Claimer(sweep.enlist(clock.now(), 1)), CODES)
    pump.gate.prepare(clock.now())
    run(pump, lambda: bool(pump.claimer and db.session.scalars(select(Attempt)).first()) and not pump.held())
    pump.flush()
    pump.stop(1.0)


def check(after: After) -> None:
    """The message, its attempt, its mailing's figures and the gate are as the fault leaves them."""
    db.session.expire_all()
    message = db.session.scalars(select(Message)).one()
    attempt = db.session.scalars(select(Attempt)).one()
    assert attempt.outcome == after.outcome
    assert figures(message.mailing) == {after.status.value: 1}
    assert (message.status, message.tries, message.unknown) == (after.status, after.tries, after.unknown)
    assert (message.attempts, message.claimed_by) == (1, None)
    assert (message.sent_at == attempt.started_at) if after.status is Status.SENT else message.sent_at is None
    state = db.session.get_one(GatewayState, holds.ONLY)
    assert state.hold is after.hold
    assert (state.wait_until is not None) is after.waits


def once_more(gateway: PracticeGateway, address: Address) -> None:
    """The gateway is well again and whatever waited is due: the message finds its end."""
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET due_at = created_at")
        connection.exec_driver_sql("UPDATE gateway_state SET wait_until = NULL, hold = NULL")
    gateway.set_weather("fair")
    pump = Pump(address, 1, Claimer(sweep.enlist(clock.now(), 1)))
    message = db.session.scalars(select(Message)).one()
    run(pump, lambda: not {"pending", "sending"} & figures(message.mailing).keys())
    pump.stop(1.0)


@pytest.mark.parametrize("fault", ANSWERS)
def test_an_answer(app: Flask, gateway: PracticeGateway, address: Address, fault: str) -> None:
    said, after = ANSWERS[fault]
    a_client()
    mailing = enrolled()
    gateway.script(None, [said])
    one_attempt(address)
    check(after)
    assert len(gateway.inbox) == 1
    once_more(gateway, address)
    assert figures(mailing) == {after.at_last.value: 1}
    assert len(gateway.inbox) == 1 + (after.status is Status.PENDING)
    assert len({seen.body for seen in gateway.inbox}) == 1  # a retry is the same bytes


@pytest.mark.parametrize("fault", TRICKLES)
def test_an_answer_that_does_not_end(
    app: Flask, gateway: PracticeGateway, address: Address, hasty: Address, fault: str
) -> None:
    answer, after = TRICKLES[fault]
    a_client()
    mailing = enrolled()
    with rawserver.serving(answer) as url:
        began = clock.monotonic()
        one_attempt(replace(address if after is UNREADABLE else hasty, url=url))
        assert clock.monotonic() - began < 5  # far from for ever; the deadline is a second
    check(after)
    once_more(gateway, address)
    assert figures(mailing) == {"sent": 1}


@contextmanager
def nobody_listens(gateway: PracticeGateway) -> Iterator[str]:
    gateway.vanish()
    yield gateway.url
    gateway.come_back()


@contextmanager
def nobody_takes_the_connection(_: PracticeGateway) -> Iterator[str]:
    with rawserver.deaf() as url:
        yield url


@contextmanager
def no_such_host(_: PracticeGateway) -> Iterator[str]:
    yield "http://gateway.invalid"


@contextmanager
def nobody_answers_the_handshake(_: PracticeGateway) -> Iterator[str]:
    with rawserver.serving(rawserver.silence) as url:
        yield url.replace("http:", "https:")


@contextmanager
def something_else_than_tls(gateway: PracticeGateway) -> Iterator[str]:
    yield gateway.url.replace("http:", "https:")


@pytest.mark.parametrize(
    "fault",
    [
        nobody_listens,
        nobody_takes_the_connection,
        no_such_host,
        nobody_answers_the_handshake,
        something_else_than_tls,
    ],
)
def test_out_of_reach(app: Flask, gateway: PracticeGateway, address: Address, hasty: Address, fault: Out) -> None:
    a_client()
    enrolled()
    with fault(gateway) as url:
        one_attempt(replace(hasty, url=url))
    check(After(Outcome.NOT_SENT, tries=0))
    once_more(gateway, address)
    assert len(gateway.inbox) == 1


@pytest.mark.parametrize("first", ["reset", "500", "garbage", "hanging"])
def test_a_duplicate_after_an_uncertain_attempt_is_sent(
    app: Flask, gateway: PracticeGateway, address: Address, hasty: Address, first: str
) -> None:
    a_client()
    mailing = enrolled()
    gateway.script(None, [first, http(409)])
    one_attempt(hasty if first == "hanging" else address)
    assert figures(mailing) == {"pending": 1}
    once_more(gateway, address)
    assert figures(mailing) == {"sent": 1}
    assert len(gateway.inbox) == 2


@pytest.mark.parametrize("first", ["reset", "500", "garbage"])
@pytest.mark.parametrize(("choice", "at_last"), [("hold", "uncertain"), ("send_again", "sent")])
def test_where_a_repeat_would_arrive_twice_the_mailing_decides(
    app: Flask, gateway: PracticeGateway, address: Address, first: str, choice: str, at_last: str
) -> None:
    a_client()
    mailing = enrolled(when_uncertain=choice)
    gateway.script(None, [first])
    pump = Pump(address, 1, Claimer(sweep.enlist(clock.now(), 1), deduplicates=False))
    pump.gate.prepare(clock.now())
    run(pump, lambda: "sending" not in figures(mailing) and len(gateway.inbox) == 1)
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET due_at = created_at")
    run(pump, lambda: figures(mailing) == {at_last: 1})
    pump.stop(1.0)
    assert len(gateway.inbox) == (2 if at_last == "sent" else 1)


def test_the_gateway_gets_thirty_seconds_to_finish_what_it_may_have_begun(
    app: Flask, gateway: PracticeGateway, address: Address
) -> None:
    a_client()
    mailing = enrolled()
    gateway.script(None, ["reset"])
    one_attempt(address)
    [message] = messages(mailing)
    attempt = db.session.scalars(select(Attempt)).one()
    assert attempt.ended_at
    assert message.due_at - attempt.ended_at >= timedelta(seconds=retry.AFTER_UNCERTAIN)


def test_twenty_tries_and_no_more(app: Flask, gateway: PracticeGateway, address: Address, recorded: Any) -> None:
    a_client()
    mailing = enrolled()
    gateway.set_weather(Weather("down"))
    with db.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE message SET tries = {retry.MOST_TRIES - 1}")
    one_attempt(address)
    assert figures(mailing) == {"failed": 1}
    assert messages(mailing)[0].reason == "too_many_attempts"


@pytest.fixture
def recorded(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The messages of the log at ERROR."""
    return lambda: [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_an_id_that_the_gateway_knows_though_we_never_sent_it_is_an_alarm(
    app: Flask, gateway: PracticeGateway, address: Address, recorded: Callable[[], list[str]]
) -> None:
    a_client()
    enrolled()
    gateway.script(None, [http(409)])
    one_attempt(address)
    assert "the gateway answered" in recorded()


def test_a_hold_of_the_gate_is_told_in_the_log(
    app: Flask, gateway: PracticeGateway, address: Address, recorded: Callable[[], list[str]]
) -> None:
    a_client()
    enrolled()
    gateway.script(None, [http(401)])
    one_attempt(address)
    assert "gateway on hold" in recorded()
    assert not gate.Gate(gate.fingerprint(address.url, address.token)).opening(clock.now()).wide
