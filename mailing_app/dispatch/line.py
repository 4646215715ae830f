"""The line to the gateway: a kept connection, every byte of which moves under the deadline of the exchange it carries.

It is urllib3's connection, which knows about names, sockets and certificates, and the answer is read by the standard
library's `http.client`; between them stands nothing that would have to be undone for every message.
"""

import http.client
import io
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from mailing_app import clock


class TooLate(Exception):
    """The mailing, its window or the claim ended, or somebody called the message back, before a byte could leave."""


@dataclass(slots=True)
class Exchange:
    """What a line must heed, and what it tells back."""

    deadline: float
    """On the monotonic clock: by then the whole answer was read, or it is given up."""
    too_late: Callable[[], str]
    """Why it must not leave any more, empty if it may: asked right before the first byte."""
    began_at: datetime
    first_byte_at: datetime | None = None
    reply: "Reply | None" = None

    def left(self) -> float:
        """Seconds to the deadline; TimeoutError when there are none."""
        seconds = self.deadline - clock.monotonic()
        if seconds <= 0:
            raise TimeoutError("the whole exchange took too long")
        return seconds


class Line(HTTPConnection):
    """A connection that sends head and body at once, and only while the message may still leave."""

    _exchange: Exchange
    _source: "_TimedReader"
    _reader: io.BufferedReader

    def ask(self, request: bytes, method: str, exchange: Exchange, connect_timeout: float) -> "Reply":
        """Send the request and read the head of the answer; what is known meanwhile stands in the exchange."""
        self._exchange = exchange
        if not self.is_connected:  # also where something lies there unasked, or the other side has hung up
            self.close()
            self.timeout = min(connect_timeout, exchange.left())
            self.connect()
            self._source = _TimedReader(self.sock)
            self._reader = io.BufferedReader(self._source)
        if too_late := exchange.too_late():
            raise TooLate(too_late)
        self._source.exchange = exchange
        self.sock.settimeout(exchange.left())
        exchange.first_byte_at = clock.now()
        self.sock.sendall(request)
        reply = Reply(self._reader, method)
        reply.begin()
        exchange.reply = reply
        return reply

    def leave(self) -> None:
        """Keep the connection if the answer was read to the end, else hang up: no later request reads the rest."""
        if not (self._exchange.reply and self._exchange.reply.is_over):
            self.close()

    def __del__(self) -> None:
        self.close()  # a thread that goes home leaves its line to nobody


class SecureLine(HTTPSConnection, Line):
    """The same over TLS: urllib3's own class is an HTTPConnection too, so this puts ours beneath it."""


class Reply(http.client.HTTPResponse):
    """An answer, read from a file that outlives it."""

    def __init__(self, reader: io.BufferedReader, method: str) -> None:
        super().__init__(_Lent(reader), method=method)  # type: ignore[arg-type]

    @property
    def is_over(self) -> bool:
        """Whether it was read to its end, and the next one may come over the same line."""
        return self.isclosed() and not self.will_close and not self.length

    def body(self, most: int) -> bytes:
        """The whole body, or one byte more than `most` of it; OSError or HTTPException where it ends too early."""
        body = b""
        while len(body) <= most and (piece := self.read(most + 1 - len(body))):
            body += piece
        if self.length and len(body) <= most:
            raise http.client.IncompleteRead(body, self.length)
        return body

    def close(self) -> None:
        """Let go of the file, which is the line's: also where this answer is collected while the next one is read."""
        self.fp: Any = None
        super().close()

    def _read_status(self) -> tuple[str, int, str]:
        """Every provisional answer is passed over, not only 100 as http.client would have it (RFC 9110, 15.2): taken
        for the answer, it would leave the real one to be read as the next message's."""
        version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, (http.client.CONTINUE if 100 <= status < 200 else status), reason

    def _close_conn(self) -> None:
        """The answer is at its end. Where more has come than belongs to it, the other side is out of step: what
        follows would be read as the answer to the next message, so this connection gets none."""
        self.will_close = self.will_close or _ahead(self.fp)
        self.fp = None


@dataclass(slots=True)
class _Lent:
    """What `http.client` takes for a socket: all that it does with one is to make a file of it."""

    reader: io.BufferedReader

    def makefile(self, _mode: str) -> io.BufferedReader:
        return self.reader


class _TimedReader(io.RawIOBase):
    """Reads from a socket, never for longer than the exchange has left, and nothing where nothing more is due."""

    exchange: Exchange
    exhausted = False

    def __init__(self, sock: Any):
        super().__init__()
        self._sock = sock

    def readable(self) -> bool:
        return True

    @property
    def hides_more(self) -> bool:
        """Whether TLS has taken more off the network than it was asked for."""
        return isinstance(self._sock, ssl.SSLSocket) and self._sock.pending() > 0

    def readinto(self, buffer: Any) -> int | None:
        if self.exhausted:
            return 0
        self._sock.settimeout(self.exchange.left())
        count: int = self._sock.recv_into(buffer)
        return count


def _ahead(reader: Any) -> bool:
    """Whether more has come than was read, as far as it is known without asking the network."""
    reader.raw.exhausted = True
    known: bytes = reader.peek(1)
    reader.raw.exhausted = False
    return bool(known) or reader.raw.hides_more


class _Pool(HTTPConnectionPool):
    ConnectionCls = Line

    def line(self) -> Line:
        """A new line, which nobody else is given."""
        return self._new_conn()  # type: ignore[return-value]


class _SecurePool(_Pool, HTTPSConnectionPool):
    ConnectionCls = SecureLine


POOLS = {"http": _Pool, "https": _SecurePool}
"""What urllib3 makes lines with."""
