"""The gateway itself: a rehearsal that listens."""

import re
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from mailing_app.practice.connection import Connection
from mailing_app.practice.doors import check_method, knock
from mailing_app.practice.listener import Listener
from mailing_app.practice.rehearsal import Rehearsal
from mailing_app.practice.sending import ADDRESS, look_up, send
from mailing_app.practice.wire import Request, RequestError

SEND = re.compile(ADDRESS)
PARTING_SECONDS = 5.0


class PracticeGateway(Rehearsal):
    """A practice gateway on an IPv4 address; port 0 takes a free one, and keeps it."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, *, keep: int = 10_000) -> None:
        super().__init__(keep)
        self._listener = Listener(host, port, self._talk)
        self._stopped = threading.Event()

    @property
    def port(self) -> int:
        """The port listened on, once it was started."""
        return self._listener.port

    @property
    def url(self) -> str:
        """The base address, to be given as GATEWAY_URL."""
        return f"http://{self._listener.host}:{self.port}"

    def start(self) -> Self:
        """Listen in the background, ready when this returns; raises OSError when the port is taken."""
        self._listener.open()
        self._stopped.clear()
        return self

    def stop(self) -> None:
        """Close every connection and end every thread; what waited at the gate is let go unanswered."""
        self._listener.close()
        self.open_gate()
        self._listener.wait_for_talks(PARTING_SECONDS)
        self._stopped.set()

    def vanish(self) -> None:
        """Drop all connections and refuse new ones, as a gateway does whose process has died."""
        self._listener.close()

    def come_back(self) -> None:
        """Listen again on the same port."""
        self._listener.open()

    def serve_forever(self) -> None:
        """Start, and stay until `stop` or Ctrl+C; raises OSError when the port is taken."""
        with self, suppress(KeyboardInterrupt):
            self._stopped.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _talk(self, connection: Connection) -> None:
        # OSError is a client that left or was dropped: nobody is there to be told.
        with suppress(OSError):
            try:
                while (request := connection.read_request()) and self._answer(connection, request):
                    pass
            except RequestError as refused:
                connection.refuse(refused.answer)

    def _answer(self, connection: Connection, request: Request) -> bool:
        try:
            if match := SEND.fullmatch(request.path):
                check_method(request, ("GET", "POST"))
                door = send if request.method == "POST" else look_up
                return door(self, connection, request, int(match[1]))
            answer = knock(self, request)
        except RequestError as refused:
            answer = refused.answer
        connection.send(answer.encode(request.keep_alive, head_only=request.method == "HEAD"))
        return request.keep_alive
