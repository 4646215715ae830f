"""The gateway of the benchmarks: it accepts every message after a fixed time, and costs next to nothing.

A process of its own on the core that is not measured. It knows just enough of HTTP: who asks it sends one request at a
time on a connection, and the body is a JSON object, so that a request is whole when it ends with a brace.
"""

import asyncio
import gc
import json
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress
from types import TracebackType
from typing import NamedTuple, Self

from benchmarks import cores

ACCEPTED = b'{"code":0,"message":"OK"}'
SENDING = b"/v1/send/"
BACKLOG = 4096


class Counts(NamedTuple):
    """What has come so far; `repeated` are the requests for a message beyond its first."""

    received: int
    distinct: int
    repeated: int


class Gateway:
    """A gateway process that takes `latency` seconds for an answer, for as long as the context is open."""

    def __init__(self, latency: float = 0.0):
        listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
        self.port: int = listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        with listener:
            command = [sys.executable, "-m", "benchmarks.gateway", str(listener.fileno()), str(latency)]
            self.process = subprocess.Popen(command, pass_fds=[listener.fileno()])
        cores.put_beside(self.process.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.kill()
        self.process.wait()

    def counts(self) -> Counts:
        """What has come since the last call of `forget`."""
        return Counts(**self._asked("counts"))

    def forget(self) -> None:
        """Count from nothing."""
        self._asked("forget")

    def _asked(self, path: str) -> dict[str, int]:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=60) as answer:
            told: dict[str, int] = json.load(answer)
            return told


class Tallies:
    """How often each message came: a byte for each id, since there may be millions."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.received, self.distinct, self._by_id = 0, 0, bytearray(2**20)

    def note(self, message_id: int) -> None:
        """One more request for this message."""
        self.received += 1
        if message_id >= len(self._by_id):
            self._by_id.extend(bytes(message_id + 1))
        if not self._by_id[message_id]:
            self.distinct += 1
            self._by_id[message_id] = 1

    def told(self) -> bytes:
        """Everything counted, as JSON."""
        counts = Counts(self.received, self.distinct, self.received - self.distinct)
        return json.dumps(counts._asdict()).encode()


class Line(asyncio.Protocol):
    """One connection."""

    def __init__(self, loop: asyncio.AbstractEventLoop, latency: float, tallies: Tallies):
        self._loop, self._latency, self._tallies = loop, latency, tallies
        self._begun = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer when the request is whole: many clients send head and body by themselves."""
        request = self._begun + data
        if not request.endswith(b"}" if request.startswith(b"POST") else b"\r\n\r\n"):
            self._begun = request
            return
        self._begun = b""
        place = request.find(SENDING)
        if place < 0:
            self._transport.write(_answer(self._of_itself(request)))
            return
        self._tallies.note(int(request[place + len(SENDING) : request.find(b" ", place)]))
        if self._latency:
            self._loop.call_later(self._latency, self._transport.write, ANSWER)
        else:
            self._transport.write(ANSWER)

    def _of_itself(self, request: bytes) -> bytes:
        if request.startswith(b"GET /forget"):
            self._tallies.forget()
        return self._tallies.told()


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


ANSWER = _answer(ACCEPTED)


async def listen(listener: socket.socket, latency: float) -> None:
    """Serve for ever."""
    loop, tallies = asyncio.get_running_loop(), Tallies()
    server = await loop.create_server(lambda: Line(loop, latency, tallies), sock=listener, backlog=BACKLOG)
    gc.freeze()
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(listen(socket.socket(fileno=int(sys.argv[1])), float(sys.argv[2])))
