"""A server that answers whatever it is told to, piece by piece, for as long as somebody listens."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import chain, repeat

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
PAUSE = 0.02
"""Seconds between two pieces: far below any silence that a timeout of a read would notice."""

Answer = Callable[[], Iterable[bytes]]


def dripping_head() -> Iterable[bytes]:
    """A head that never ends, a byte at a time."""
    return chain([HEAD + b"X: "], repeat(b"y"))


def dripping_body() -> Iterable[bytes]:
    """A whole head, and a body a byte at a time."""
    return chain([HEAD + b"Content-Length: 9999\r\n\r\n"], repeat(b" "))


def endless_chunks() -> Iterable[bytes]:
    """Chunk upon chunk, each in order."""
    return chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"1\r\n \r\n"))


def endless_patience() -> Iterable[bytes]:
    """Provisional answers for ever (RFC 9110, 15.2), and never a final one."""
    return repeat(b"HTTP/1.1 102 Processing\r\n\r\n")


def silence() -> Iterable[bytes]:
    """Nothing, though the connection stands."""
    return repeat(b"")


def a_flood() -> Iterable[bytes]:
    """A body far larger than any answer has reason to be, as fast as it is taken."""
    return chain([HEAD + b"Content-Length: 99999999999\r\n\r\n"], repeat(b" " * 65536))


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """The address of a server that gives this answer to everyone; it ends with the block."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_serve, args=(listener, answer, over))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


class Deaf:
    """A machine that takes no connection and refuses none, since its queue is full; until it hears again."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def hear(self) -> bytes:
        """Take the connections that wait; all that the third of them, the first of a stranger, ever said."""
        for _ in range(2):
            self._listener.accept()[0].close()
        connection, _ = self._listener.accept()
        with connection:
            return connection.recv(65536)


@contextmanager
def deaf() -> Iterator[Deaf]:
    """A machine whose queue two connections of the test's own fill."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as second:
        listener.settimeout(10)
        first = socket.create_connection(listener.getsockname())
        second.setblocking(False)
        with suppress(BlockingIOError):
            second.connect(listener.getsockname())
        yield Deaf(listener)
        first.close()


def _serve(listener: socket.socket, answer: Answer, over: threading.Event) -> None:
    talks = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            talks.append(threading.Thread(target=_talk, args=(connection, answer, over)))
            talks[-1].start()
    for talk in talks:
        talk.join()


def _talk(connection: socket.socket, answer: Answer, over: threading.Event) -> None:
    with connection, suppress(OSError):
        connection.recv(65536)
        for piece in answer():
            connection.sendall(piece)
            if over.wait(0 if len(piece) > 1000 else PAUSE):
                return
