"""The exchange: one request to the gateway under one deadline, knowing whether the first byte left.

`requests` bounds each silence, not the whole, and `Session.send` reads the whole body of a redirect it
was told not to follow. So the adapter is used without a session, over connections that look at the
deadline before every read.
"""

import http.client
import io
import json
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from mailing_app import clock, local_time
from mailing_app.dispatch.judge import LONGEST_BODY
from mailing_app.dispatch.parts import Answer, Envelope, Reached
from mailing_app.dispatch.recall import Recall

TIMEOUTS = (TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout)
NETWORK_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError)

MARGIN = timedelta(milliseconds=100)
"""How long before the end the last first byte leaves: under load a thread may wait some tens of ms for its turn."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the gateway is and how to speak to it."""

    url: str
    token: str
    timeout: float
    """Seconds for the whole exchange."""
    connect_timeout: float


@dataclass(slots=True)
class Exchange:
    """What the connection must heed, and what it tells back."""

    deadline: float
    too_late: Callable[[], str]
    """Why it must not leave any more, empty if it may: asked right before the first byte."""
    began_at: datetime
    has_body: bool = False
    first_byte_at: datetime | None = None
    answer: Any = None

    def left(self) -> float:
        """Seconds to the deadline; TimeoutError when there are none."""
        seconds = self.deadline - clock.monotonic()
        if seconds <= 0:
            raise TimeoutError("the whole exchange took too long")
        return seconds


class TooLate(Exception):
    """The mailing, its window or the claim ended, or somebody called the message back, before a byte could leave."""


_present = threading.local()


def post(address: Address, recall: Recall, envelope: Envelope) -> Answer:
    """Send one message and tell all that came of it. Never raises, whatever the gateway does."""

    def too_late() -> str:
        return why_not(envelope, recall, clock.now(), clock.monotonic())

    return _tried(address, lambda: _sending(address, envelope), too_late)


def look_up(address: Address, message_id: int) -> Answer:
    """Ask what became of one message and tell all that came of it. Never raises, whatever the gateway does."""
    return _tried(address, lambda: _request(address, "GET", message_id), lambda: "")


def _tried(address: Address, build: Callable[[], requests.PreparedRequest], too_late: Callable[[], str]) -> Answer:
    exchange = Exchange(clock.monotonic() + address.timeout, too_late, clock.now())
    _present.exchange = exchange
    try:
        return _exchanged(address, exchange, build())
    except TooLate as late:
        return _told(exchange, error=str(late), begun=False)
    except NETWORK_FAULTS as fault:
        certificate, timed_out = _comes_from(fault, ssl.SSLCertVerificationError), _comes_from(fault, TIMEOUTS)
        return _told(exchange, error=_named(fault), certificate=certificate, timed_out=timed_out)
    except Exception as fault:
        return _told(exchange, error=_named(fault), own_fault=True)
    finally:
        _hang_up(exchange)


def _exchanged(address: Address, exchange: Exchange, request: requests.PreparedRequest) -> Answer:
    exchange.has_body = bool(request.body)
    timeout = (min(address.connect_timeout, exchange.left()), exchange.left())
    exchange.answer = _adapter().send(request, stream=True, timeout=timeout, verify=True, proxies={})
    body = _body(exchange.answer.raw)
    return _told(exchange, body=body, ended=True)


def _sending(address: Address, envelope: Envelope) -> requests.PreparedRequest:
    payload = {"id": envelope.message_id, "phone": int(envelope.phone), "text": envelope.text}
    body = json.dumps(payload, ensure_ascii=False).encode()
    return _request(address, "POST", envelope.message_id, body)


def _request(address: Address, method: str, message_id: int, body: bytes | None = None) -> requests.PreparedRequest:
    headers = {"Accept-Encoding": "identity", "User-Agent": "mailing-service"}
    if body:
        headers["Content-Type"] = "application/json"
    if address.token:
        headers["Authorization"] = f"Bearer {address.token}"
    url = f"{address.url}/v1/send/{message_id}"
    return requests.Request(method, url, headers=headers, data=body).prepare()


def _body(raw: Any) -> bytes:
    """The body, cut where it is longer than any answer has reason to be."""
    body = b""
    while len(body) <= LONGEST_BODY and (piece := raw.read(LONGEST_BODY + 1 - len(body), decode_content=False)):
        body += piece
    return body


def _told(exchange: Exchange, *, body: bytes = b"", ended: bool = False, error: str = "", **more: bool) -> Answer:
    answer = exchange.answer
    if ended:
        reached = Reached.ANSWER_ENDED
    elif answer is not None:
        reached = Reached.ANSWER_BEGAN
    else:
        reached = Reached.REQUEST_LEFT if exchange.first_byte_at else Reached.NOTHING_LEFT
    return Answer(
        reached=reached,
        began_at=exchange.first_byte_at or exchange.began_at,
        ended_at=clock.now(),
        status=answer.status_code if answer is not None else 0,
        headers={name.lower(): value for name, value in answer.headers.items()} if answer is not None else {},
        body=body,
        error=error,
        **more,
    )


def _hang_up(exchange: Exchange) -> None:
    """Give the connection back if its answer was read to the end, else close it: no later request reads the rest."""
    _present.exchange = None
    if exchange.answer is not None:
        with suppress(*NETWORK_FAULTS):  # the other side may have been quicker to hang up
            exchange.answer.close()


def _named(fault: BaseException) -> str:
    return f"{type(fault).__name__}: {fault}"


def _comes_from(fault: BaseException | None, kinds: type[BaseException] | tuple[type[BaseException], ...]) -> bool:
    """Whether the fault is of these kinds, or was made from one that is."""
    while fault is not None:
        if isinstance(fault, kinds):
            return True
        reason = getattr(fault, "reason", None) or next((arg for arg in fault.args if isinstance(arg, Exception)), None)
        fault = reason if isinstance(reason, BaseException) else fault.__cause__
    return False


def _adapter() -> HTTPAdapter:
    """One adapter, and so one kept connection, a thread."""
    if not hasattr(_present, "adapter"):
        _present.adapter = _Adapter(pool_connections=1, pool_maxsize=1)
    adapter: HTTPAdapter = _present.adapter
    return adapter


class _TimedReader(io.RawIOBase):
    """Reads from a socket, each time for no longer than the exchange has left, and nothing once it is over."""

    over = False

    def __init__(self, sock: Any):
        super().__init__()
        self.sock, self._raw, self._exchange = sock, sock.makefile("rb", buffering=0), _present.exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.over:
            return 0
        self.sock.settimeout(self._exchange.left())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer whose every byte is read under the deadline, its head included."""

    def __init__(self, sock: Any, *given: Any, **named: Any):
        super().__init__(sock, *given, **named)
        self.fp.close()
        self.fp: Any = io.BufferedReader(_TimedReader(sock))

    def _read_status(self) -> tuple[str, int, str]:
        """Every provisional answer is passed over, not only 100 as http.client would have it (RFC 9110, 15.2): taken
        for the answer, it would leave the real one to be read as the next message's."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, (http.client.CONTINUE if 100 <= status < 200 else status), reason

    def _close_conn(self) -> None:
        """The answer is at its end. Where more has come than belongs to it, the other side is out of step: what
        follows would be read as the answer to the next message, so this connection gets none."""
        reader = self.fp.raw
        reader.over = True
        if self.fp.peek(1):
            with suppress(OSError):
                reader.sock.shutdown(socket.SHUT_RDWR)
        super()._close_conn()  # type: ignore[misc]


class _Http(HTTPConnection):
    """A connection that sends head and body at once, and only while the message may still leave."""

    response_class = _Answer
    _head: bytes | None = None

    def send(self, data: Any) -> None:
        """The first call brings the head, the second the body where there is one: then all leaves in one piece."""
        exchange = _present.exchange
        if self._head is None and exchange.has_body:
            self._head = data
            return
        whole, self._head = (self._head or b"") + data, None
        if self.sock is None:
            self.connect()
        if too_late := exchange.too_late():
            raise TooLate(too_late)
        self.sock.settimeout(exchange.left())
        exchange.first_byte_at = clock.now()
        self.sock.sendall(whole)

    def close(self) -> None:
        self._head = None
        super().close()


class _Https(HTTPSConnection, _Http):
    """The same over TLS: urllib3's own class is an HTTPConnection too, so this puts ours beneath it."""


def why_not(envelope: Envelope, recall: Recall, now: datetime, monotonic: float) -> str:
    """Why the message must not leave now, empty if it may: the last look before the first byte.

    Early enough before the end for a thread that is held up between the look and the byte.
    """
    if now >= envelope.closes_at - MARGIN:
        return "the mailing or its window ended first"
    if now < envelope.opens_at or not _in_window(envelope, now):
        return "the clock was set back to before the start or the window"
    if monotonic >= envelope.stale_at:
        return "the claim was too old to be trusted"
    return "it was called back" if envelope in recall else ""


def _in_window(envelope: Envelope, now: datetime) -> bool:
    return envelope.window is None or local_time.is_open(envelope.window, envelope.zone, now)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
