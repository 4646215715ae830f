"""A server that answers whatever it is told to, piece by piece, for as long as somebody listens."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain, repeat
from queue import SimpleQueue

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
        thread = threading.Thread(target=_accept, args=(listener, partial(_talk, answer=answer, over=over)))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def deaf() -> Iterator[str]:
    """The address of a machine that takes no connection and refuses none, since its queue is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, socket.socket() as second:
        first = socket.create_connection(listener.getsockname())
        second.setblocking(False)
        with suppress(BlockingIOError):
            second.connect(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        first.close()


class Shy:
    """A server with TLS that takes connections at once, and shakes hands only when told to."""

    def __init__(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        self.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        self.ready, self.over = threading.Event(), threading.Event()
        self._context = context
        self._said: SimpleQueue[bytes] = SimpleQueue()

    def shake_hands(self) -> bytes:
        """Shake hands with everyone from now on; what the next of them says then, nothing if it hangs up."""
        self.ready.set()
        return self._said.get(timeout=10)

    def talk(self, connection: socket.socket) -> None:
        self.ready.wait()
        with suppress(OSError), self._context.wrap_socket(connection, server_side=True) as tls:
            self._said.put(tls.recv(65536))
            self.over.wait()


@contextmanager
def shy(context: ssl.SSLContext) -> Iterator[Shy]:
    """Such a server, until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Shy(listener, context)
        thread = threading.Thread(target=_accept, args=(listener, server.talk))
        thread.start()
        yield server
        server.ready.set()
        server.over.set()
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _accept(listener: socket.socket, talk: Callable[[socket.socket], None]) -> None:
    """Talk to everyone who comes, each in a thread, until the listener is shut."""
    talks = []
    with suppress(OSError):
        while True:
            connection, _ = listener.accept()
            talks.append(threading.Thread(target=talk, args=(connection,)))
            talks[-1].start()
    for each in talks:
        each.join()


def _talk(connection: socket.socket, answer: Answer, over: threading.Event) -> None:
    with connection, suppress(OSError):
        connection.recv(65536)
        for piece in answer():
            connection.sendall(piece)
            if over.wait(0 if len(piece) > 1000 else PAUSE):
                return
