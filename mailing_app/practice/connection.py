"""One client's connection: requests come out of it, bytes go into it, and anyone may drop it."""

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import replace

from mailing_app.practice.wire import Answer, Request, RequestError, body_length, parse_head

MOST_HEAD = 32 * 1024
IDLE_SECONDS = 120.0
LINGER_SECONDS = 1.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Connection:
    """A socket that speaks HTTP; reading or writing a dropped one raises OSError."""

    def __init__(self, peer: socket.socket) -> None:
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        peer.settimeout(IDLE_SECONDS)
        self._peer = peer
        self._unread = b""
        self._read_at = 0.0
        self._dropped = threading.Event()

    def read_request(self) -> Request | None:
        """The next request, or None when the client has left; refuses what is not good HTTP."""
        head = self._read_head()
        if head is None:
            return None
        request = parse_head(head, self._first_byte_at)
        length = body_length(request)
        if length and request.headers.get("expect", "").lower() == "100-continue":
            self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self._read_body(length)
        return None if body is None else replace(request, body=body, received_at=time.time())

    def send(self, data: bytes) -> None:
        """Write all of the bytes."""
        self._peer.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Let time pass; False as soon as the connection was dropped."""
        return not self._dropped.wait(seconds)

    def keep_silent(self, seconds: float) -> None:
        """Answer nothing until the client leaves, the connection is dropped, or the time is over."""
        until = time.monotonic() + seconds
        with suppress(OSError):
            while (left := until - time.monotonic()) > 0:
                self._peer.settimeout(left)
                if not self._peer.recv(4096):
                    return

    def drop(self) -> None:
        """End the connection from another thread: whatever waits on it wakes up."""
        self._dropped.set()
        with suppress(OSError):
            self._peer.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """End it with a TCP reset in place of a goodbye."""
        self._peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self._peer.close()

    def refuse(self, answer: Answer) -> None:
        """Send a last answer to a request that was not read to its end."""
        self.send(answer.encode(keep_alive=False))
        self._peer.shutdown(socket.SHUT_WR)
        # Closing with bytes unread makes the kernel reset the connection, and the client lose the answer.
        self.keep_silent(LINGER_SECONDS)

    def close(self) -> None:
        """Give the socket back."""
        self._peer.close()

    def _read_head(self) -> bytes | None:
        self._first_byte_at = self._read_at
        while b"\r\n\r\n" not in self._unread:
            if len(self._unread) > MOST_HEAD:
                raise RequestError(431, "The header fields are too long.")
            fresh = not self._unread
            if not self._read_more():
                return None
            if fresh:
                self._first_byte_at = self._read_at
                self._unread = self._unread.lstrip(b"\r\n")
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        return head

    def _read_body(self, length: int) -> bytes | None:
        while len(self._unread) < length:
            if not self._read_more():
                return None
        body, self._unread = self._unread[:length], self._unread[length:]
        return body

    def _read_more(self) -> bool:
        data = self._peer.recv(65_536)
        self._read_at = time.time()
        self._unread += data
        return bool(data)
