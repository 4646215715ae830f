"""The exchange: one request to the gateway under one deadline, knowing whether the first byte left.

`requests` bounds each silence, not the whole, and `Session.send` reads the whole body of a redirect it
was told not to follow. So its adapter is used without a session: it prepares a request once a thread, and holds a line
that looks at the deadline before every read.
"""

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from mailing_app import clock, local_time
from mailing_app.dispatch.judge import LONGEST_BODY
from mailing_app.dispatch.line import NOT_HTTP, POOLS, Exchange, Line, TooLate
from mailing_app.dispatch.parts import Answer, Envelope, Reached
from mailing_app.dispatch.recall import Recall

TIMEOUTS = (TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout)
NETWORK_FAULTS = (requests.RequestException, urllib3.exceptions.HTTPError, *NOT_HTTP, OSError)

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


def post(address: Address, recall: Recall, envelope: Envelope) -> Answer:
    """Send one message and tell all that came of it. Never raises, whatever the gateway does."""

    def too_late() -> str:
        return why_not(envelope, recall, clock.now(), clock.monotonic())

    return _tried(address, "POST", envelope.message_id, lambda: _payload(envelope), too_late)


def look_up(address: Address, message_id: int) -> Answer:
    """Ask what became of one message and tell all that came of it. Never raises, whatever the gateway does."""
    return _tried(address, "GET", message_id, bytes, lambda: "")


def _tried(
    address: Address, method: str, message_id: int, payload: Callable[[], bytes], too_late: Callable[[], str]
) -> Answer:
    exchange = Exchange(clock.monotonic() + address.timeout, too_late, clock.now())
    try:
        body = _adapter(address).exchanged(exchange, method, message_id, payload())
        return _told(exchange, body=body, ended=True)
    except TooLate as late:
        return _told(exchange, error=str(late), begun=False)
    except NETWORK_FAULTS as fault:
        certificate, timed_out = _comes_from(fault, ssl.SSLCertVerificationError), _comes_from(fault, TIMEOUTS)
        return _told(exchange, error=_named(fault), certificate=certificate, timed_out=timed_out)
    except Exception as fault:
        return _told(exchange, error=_named(fault), own_fault=True)


def _payload(envelope: Envelope) -> bytes:
    payload = {"id": envelope.message_id, "phone": int(envelope.phone), "text": envelope.text}
    return _JSON.encode(payload).encode()


_JSON = json.JSONEncoder(ensure_ascii=False)


def _told(exchange: Exchange, *, body: bytes = b"", ended: bool = False, error: str = "", **more: bool) -> Answer:
    reply = exchange.reply
    if ended:
        reached = Reached.ANSWER_ENDED
    elif reply is not None:
        reached = Reached.ANSWER_BEGAN
    else:
        reached = Reached.REQUEST_LEFT if exchange.first_byte_at else Reached.NOTHING_LEFT
    return Answer(
        reached=reached,
        began_at=exchange.first_byte_at or exchange.began_at,
        ended_at=clock.now(),
        status=reply.status if reply is not None else 0,
        headers=reply.headers if reply is not None else {},
        body=body,
        error=error,
        **more,
    )


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


_present = threading.local()


def _adapter(address: Address) -> "_Adapter":
    """One adapter, and so one kept line, a thread."""
    adapter: _Adapter | None = getattr(_present, "adapter", None)
    if adapter is None or adapter.address is not address:
        adapter = _present.adapter = _Adapter(address)
    return adapter


class _Adapter(HTTPAdapter):
    """Prepares a request once, and holds its line, past what `requests` and urllib3 look up for each message."""

    def __init__(self, address: Address) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1)
        self.address = address
        self._heads: dict[str, bytes] = {}
        self._line: Line | None = None

    def init_poolmanager(self, *given: Any, **named: Any) -> None:
        super().init_poolmanager(*given, **named)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def exchanged(self, exchange: Exchange, method: str, message_id: int, payload: bytes) -> bytes:
        """Ask about the message and return the body of the answer, cut where it is longer than any has reason to be."""
        line, head = self._held(), self._head(method)
        request = head % ((message_id, len(payload)) if payload else message_id) + payload
        try:
            return line.ask(request, exchange, self.address.connect_timeout, LONGEST_BODY)
        finally:
            line.leave()

    def _held(self) -> Line:
        if self._line is None:
            request = self._prepared("GET")
            pool: Any = self.get_connection_with_tls_context(request, verify=True, proxies={})
            self.cert_verify(pool, request.url or "", verify=True, cert=None)
            self._line = pool.line()
        return self._line

    def _head(self, method: str) -> bytes:
        """All that comes before the payload, with a place for the message's id and one for the payload's length."""
        if method not in self._heads:
            request = self._prepared(method)
            start, host = request.path_url.removesuffix(ANY_ID), urllib3.util.parse_url(request.url or "").netloc
            named = [f"{name}: {value}" for name, value in request.headers.items() if name != "Content-Length"]
            rest = "\r\n".join([" HTTP/1.1", f"Host: {host}", *named])
            end = "\r\nContent-Length: %d\r\n\r\n" if method == "POST" else "\r\n\r\n"
            head = f"{method} {_literally(start)}%d{_literally(rest)}{end}"
            self._heads[method] = head.encode("latin-1")
        return self._heads[method]

    def _prepared(self, method: str) -> requests.PreparedRequest:
        headers = {"Accept-Encoding": "identity", "User-Agent": "mailing-service"}
        if method == "POST":
            headers["Content-Type"] = "application/json"
        if self.address.token:
            headers["Authorization"] = f"Bearer {self.address.token}"
        return requests.Request(method, f"{self.address.url}/v1/send/{ANY_ID}", headers=headers).prepare()


ANY_ID = "0"
"""Stands for the id of a message where a request is prepared for all of them."""


def _literally(text: str) -> str:
    """The text as a part of a template."""
    return text.replace("%", "%%")
