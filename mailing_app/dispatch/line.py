"""The line to the gateway: a kept connection, every byte of which moves under the deadline of the exchange it carries.

It is urllib3's connection, which knows about names, sockets and certificates; what comes back is taken apart by llhttp,
the parser of Node.js. Between them stands nothing that would have to be undone for every message.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from mailing_app import clock

AT_ONCE = 16 * 1024
"""Bytes to read at a time: a record of TLS."""

LONGEST_HEAD = 32 * 1024
"""Bytes until the end of the head, provisional answers before it included."""

MOST_FOR_A_BODY = 8
"""A byte of a body may take so many on the way: in chunks, each with its size, and with fields behind them."""

PROVISIONAL, FINAL = 100, 200
"""The first status of each kind (RFC 9110, 15)."""

NOT_HTTP = (HttpParserError, HttpParserUpgrade)
"""What llhttp raises where nobody could read on."""

SLOPPY = {"lenient_optional_cr_before_lf": True, "lenient_spaces_after_chunk_size": True}
"""What is taken as it was meant: a line feed for a line end (RFC 9112, 2.2), and a size that a server padded."""


class TooLate(Exception):
    """The mailing, its window or the claim ended, or somebody called the message back, before a byte could leave."""


@dataclass(slots=True)
class Reply:
    """What has come of an answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class Exchange:
    """What a line must heed, and what it tells back."""

    deadline: float
    """On the monotonic clock: by then the whole answer was read, or it is given up."""
    too_late: Callable[[], str]
    """Why it must not leave any more, empty if it may: asked right before the first byte."""
    began_at: datetime
    first_byte_at: datetime | None = None
    reply: Reply | None = None
    """Once its head was read."""

    def left(self) -> float:
        """Seconds to the deadline; TimeoutError when there are none."""
        seconds = self.deadline - clock.monotonic()
        if seconds <= 0:
            raise TimeoutError("the whole exchange took too long")
        return seconds


class Line(HTTPConnection):
    """A connection that sends head and body at once, and only while the message may still leave."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._answers = _Answers()

    def ask(self, request: bytes, exchange: Exchange, connect_timeout: float, longest_body: int) -> bytes:
        """Send the request and return the body of the answer, or one byte more than its longest; what is known
        meanwhile stands in the exchange. OSError or HttpParserError where that is no whole answer."""
        if not self.is_connected:  # also where something lies there unasked, or the other side has hung up
            self._open(min(connect_timeout, exchange.left()))
        self._answers.expect(exchange)
        self.sock.settimeout(exchange.left())  # before the look: it lets go of the interpreter, and others may be long
        if too_late := exchange.too_late():
            raise TooLate(too_late)
        exchange.first_byte_at = clock.now()
        self.sock.sendall(request)
        return self._answers.body(exchange, self._receive, longest_body)

    def leave(self) -> None:
        """Keep the connection if the answer was read to the end, else hang up: no later request reads the rest."""
        if not self._answers.may_go_on:
            self.close()

    def _open(self, seconds: float) -> None:
        self.close()
        self.timeout, self._answers = seconds, _Answers()
        self.connect()

    def _receive(self, seconds: float) -> bytes:
        self.sock.settimeout(seconds)
        return self.sock.recv(AT_ONCE)

    def __del__(self) -> None:
        self.close()  # a thread that goes home leaves its line to nobody


class SecureLine(HTTPSConnection, Line):
    """The same over TLS: urllib3's own class is an HTTPConnection too, so this puts ours beneath it."""

    @property
    def is_connected(self) -> bool:
        """Also what TLS has taken off the network already lies there unasked."""
        return super().is_connected and not self.sock.pending()  # type: ignore[union-attr]


class _Answers:
    """What llhttp says of all that comes over one connection: the answer that is awaited, and whatever follows it."""

    def __init__(self) -> None:
        self._parser = HttpResponseParser(self)
        self._parser.set_dangerous_leniencies(**SLOPPY)
        self._exchange: Exchange | None = None
        """The one whose answer is awaited."""
        self._reply = Reply()
        """The one that is being read: provisional, awaited or following."""
        self.may_go_on = False
        """Whether the next answer may come over the same connection."""

    def body(self, exchange: Exchange, receive: Callable[[float], bytes], longest: int) -> bytes:
        """Read the answer to this exchange to its end, or until its body is too long."""
        read = 0
        while self._exchange:
            data = receive(exchange.left())
            self._feed(data)
            reply, read = exchange.reply, read + len(data)
            if reply and len(reply.body) > longest:
                return bytes(reply.body[: longest + 1])
            if read > (MOST_FOR_A_BODY * longest if reply else LONGEST_HEAD):
                raise ConnectionError("the answer is too long for what it says")
            if not data:
                self._end(reply)
        return bytes(exchange.reply.body) if exchange.reply else b""

    def expect(self, exchange: Exchange) -> None:
        """From here on the answer to this exchange is awaited, and until it was read nothing else may be."""
        self._exchange, self.may_go_on = exchange, False

    def _feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except NOT_HTTP:
            if self._exchange:
                raise
            self.may_go_on = False

    def _end(self, reply: Reply | None) -> None:
        """The other side has hung up: the end of an answer that tells no other one (RFC 9112, 6.3)."""
        if not reply or {"content-length", "transfer-encoding"} & reply.headers.keys():
            raise ConnectionError("the answer ended too early")
        self._exchange = None

    def on_message_begin(self) -> None:
        """What follows the awaited answer is nobody's, least of all the next message's: the other side is out of step,
        so the connection is given up."""
        self._reply, self.may_go_on = Reply(), False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head. What follows a body in chunks is none (RFC 9110, 6.5.1)."""
        if not self._reply.status:
            self._reply.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Provisional answers are passed over (RFC 9110, 15.2): taken for the answer, one would leave the real one to
        be read as the next message's."""
        self._reply.status = self._parser.get_status_code()
        if self._reply.status < PROVISIONAL:
            raise ConnectionError("there is no such status")
        if self._exchange and self._reply.status >= FINAL:
            self._exchange.reply = self._reply

    def on_body(self, piece: bytes) -> None:
        self._reply.body += piece

    def on_message_complete(self) -> None:
        if self._exchange and self._reply is self._exchange.reply:
            self._exchange, self.may_go_on = None, self._parser.should_keep_alive()


class _Pool(HTTPConnectionPool):
    ConnectionCls = Line

    def line(self) -> Line:
        """A new line, which nobody else is given."""
        return self._new_conn()  # type: ignore[return-value]


class _SecurePool(_Pool, HTTPSConnectionPool):
    ConnectionCls = SecureLine


POOLS = {"http": _Pool, "https": _SecurePool}
"""What urllib3 makes lines with."""
