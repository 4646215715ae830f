"""The real `flask dispatcher`, but that it stops at gates: `python -m tests.processes.gated DESCRIPTOR GATE…`.

The descriptor is one end of a socket pair. Whoever comes to one of the gates writes its name there and
waits until the name is written back; from then on that gate stands open. When the other end is closed,
the process ends itself: it outlives no test.
"""

import os
import socket
import sys
import threading
from collections.abc import Iterable
from functools import wraps
from typing import Any

from flask.cli import main
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from mailing_app.dispatch import gateway, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.serving import leaving_signals_to_the_main_thread

BEFORE_ENLISTING = "before it enlists"
BEFORE_LOOK = "before the look for due messages"
BEFORE_CLAIM, AFTER_CLAIM = "before the claim's commit", "after the claim's commit"
AFTER_ANSWER = "after the answer was read"
BEFORE_RECORD, AFTER_RECORD = "before the record's commit", "after the record's commit"

SIGNS = {
    "epoch=(message.epoch +": (BEFORE_CLAIM, AFTER_CLAIM),
    "INSERT INTO attempt": (BEFORE_RECORD, AFTER_RECORD),
}
"""What tells a claim and a record from any other transaction: a claim counts the epoch, a record keeps attempts."""


class Keeper:
    """Keeps the gates."""

    def __init__(self, line: socket.socket, gates: Iterable[str]):
        self._line = line
        self._gates = {gate: threading.Event() for gate in gates}
        with leaving_signals_to_the_main_thread():
            threading.Thread(target=self._listen, daemon=True).start()

    def stop_at(self, gate: str) -> None:
        """Tell who is here and wait; go on at once where no gate was asked for or it stands open."""
        if gate in self._gates and not self._gates[gate].is_set():
            self._line.sendall(f"{gate}\n".encode())
            self._gates[gate].wait()

    def _listen(self) -> None:
        for gate in self._line.makefile():
            self._gates[gate.strip()].set()
        os._exit(1)


class Commits:
    """The gates at the commits, in whatever thread they come."""

    def __init__(self, keeper: Keeper):
        self._keeper = keeper
        self._here = threading.local()
        event.listen(Engine, "after_cursor_execute", self._note)
        event.listen(Session, "before_commit", lambda _: self._pass(0))
        event.listen(Session, "after_commit", lambda _: self._pass(1))
        event.listen(Session, "after_rollback", lambda _: self._forget())

    def _note(self, _connection: Any, _cursor: Any, statement: str, _given: Any, _context: Any, _many: bool) -> None:
        for sign, gates in SIGNS.items():
            if sign in statement:
                self._here.gates = gates

    def _pass(self, side: int) -> None:
        gates = getattr(self._here, "gates", None)
        if side:
            self._forget()
        if gates:
            self._keeper.stop_at(gates[side])

    def _forget(self) -> None:
        self._here.gates = None


def put_gates_around(keeper: Keeper, owner: Any, name: str, before: str = "", after: str = "") -> None:
    """Before and after every call of a function, whatever it is given."""
    inner = getattr(owner, name)

    @wraps(inner)
    def outer(*given: Any, **named: Any) -> Any:
        keeper.stop_at(before)
        told = inner(*given, **named)
        keeper.stop_at(after)
        return told

    setattr(owner, name, outer)


if __name__ == "__main__":
    descriptor, *wanted = sys.argv[1:]
    keeper = Keeper(socket.socket(fileno=int(descriptor)), wanted)
    Commits(keeper)
    put_gates_around(keeper, sweep, "enlist", before=BEFORE_ENLISTING)
    put_gates_around(keeper, Claimer, "claim", before=BEFORE_LOOK)
    put_gates_around(keeper, gateway, "post", after=AFTER_ANSWER)
    sys.argv = ["flask", "dispatcher"]
    main()
