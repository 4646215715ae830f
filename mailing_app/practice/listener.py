"""The listening socket, and one daemon thread for each connection that it accepts."""

import selectors
import socket
import threading
import time
from collections.abc import Callable

from mailing_app.practice.connection import Connection

BACKLOG = 512
BREATH_SECONDS = 0.1


class Listener:
    """Listens on an address, again and again if wanted; `talk` gets each connection in its own thread."""

    def __init__(self, host: str, port: int, talk: Callable[[Connection], None]) -> None:
        self.host = host
        self.port = port
        self._talk = talk
        self._lock = threading.Lock()
        self._talks: dict[Connection, threading.Thread] = {}
        self._accepting: threading.Thread | None = None

    def open(self) -> None:
        """Listen, and return when clients can connect; raises OSError when the port is taken."""
        if self._accepting:
            return
        server = socket.create_server((self.host, self.port), backlog=BACKLOG)
        server.setblocking(False)
        self.port = server.getsockname()[1]
        self._bell, bell_end = socket.socketpair()
        self._accepting = threading.Thread(target=self._accept, args=(server, bell_end), daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Stop listening, so that new connections are refused, and drop those that are open."""
        if not self._accepting:
            return
        self._bell.close()
        self._accepting.join()
        self._accepting = None
        for connection in self._open_talks():
            connection.drop()

    def wait_for_talks(self, seconds: float) -> None:
        """Return when the threads of dropped connections have ended; each is given some seconds."""
        for talk in self._open_talks().values():
            talk.join(seconds)

    def _open_talks(self) -> dict[Connection, threading.Thread]:
        with self._lock:
            return dict(self._talks)

    def _accept(self, server: socket.socket, bell: socket.socket) -> None:
        # The bell is what wakes this thread: closing a socket under a blocked accept() wakes nobody.
        with server, bell, selectors.DefaultSelector() as selector:
            selector.register(server, selectors.EVENT_READ)
            selector.register(bell, selectors.EVENT_READ)
            while not any(key.fileobj is bell for key, _ in selector.select()):
                self._accept_one(server)

    def _accept_one(self, server: socket.socket) -> None:
        try:
            peer, _ = server.accept()
            self._begin(Connection(peer))
        except BlockingIOError:
            return
        except (OSError, RuntimeError):
            # Out of file descriptors or threads, or gone before it was greeted: none may end the listening.
            time.sleep(BREATH_SECONDS)

    def _begin(self, connection: Connection) -> None:
        thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
        with self._lock:
            thread.start()
            self._talks[connection] = thread

    def _run(self, connection: Connection) -> None:
        try:
            self._talk(connection)
        finally:
            connection.close()
            with self._lock:
                self._talks.pop(connection, None)
