"""The beat: a row for each process, renewed every few seconds with all that it has measured."""

import atexit
import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from flask import Flask, request_started
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.db import absence, changed, db, transaction
from mailing_app.models import Process, ProcessKind
from mailing_app.pulse.disk import show_disks
from mailing_app.pulse.figures import taken
from mailing_app.pulse.place import here

log = logging.getLogger(__name__)

BEAT_EVERY = 5.0
SILENT_AFTER = timedelta(seconds=15)
"""Who has not been heard of for longer counts as gone."""

FORGOTTEN_AFTER = timedelta(hours=1)
"""After so long a process that fell silent is no news any more."""

LEAVE_WITHIN = 2.0
"""Seconds that the end of a process waits for its goodbye; without one it falls silent, and that is all."""

_beginning = threading.Lock()


class Pulse:
    """Beats for this process until it is told to stop, and goes on after any fault: the database may be away."""

    def __init__(self, app: Flask, kind: ProcessKind):
        self._app, self._kind = app, kind
        self._began_at = clock.now()
        self._id: int | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Beat in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Say goodbye."""
        self._stopping.set()
        self._thread.join(LEAVE_WITHIN)

    def beat(self) -> None:
        """Renew the row of this process, or lay one where there is none or others have removed it."""
        figures = taken()
        with transaction() as session:
            shown = {"beat_at": clock.now(), "figures": figures}
            if not changed(session, update(Process).where(Process.id == self._id, *_PRESENT).values(shown)):
                _forget(session, clock.now())
                row = Process(kind=self._kind, host=here(), pid=os.getpid(), started_at=self._began_at, **shown)
                session.add(row)
                session.flush()
                self._id = row.id

    def leave(self) -> None:
        """Note that the process has ended in order."""
        with transaction(patience=LEAVE_WITHIN / 2) as session:
            changed(session, update(Process).where(Process.id == self._id).values(left_at=clock.now(), figures=[]))

    def _run(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())  # they are the main thread's
        with self._app.app_context():
            self._try(self.beat)
            while not self._stopping.wait(BEAT_EVERY):
                self._try(self.beat)
            self._try(self.leave)

    def _try(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as fault:
            if not absence(fault):  # an outage is told of by those who work
                log.error("fault of our own", exc_info=fault)


def begin(app: Flask, kind: ProcessKind) -> None:
    """Let this process beat from now on, once however often it is asked for, and say goodbye at its orderly end."""
    with _beginning:
        if "pulse" not in app.extensions:
            show_disks(app)
            app.extensions["pulse"] = pulse = Pulse(app, kind)
            pulse.start()
            atexit.register(pulse.stop)


def begin_with_the_first_request(app: Flask) -> None:
    """The same for a web process that was not started by a command of ours: no earlier, since threads do not survive
    the fork by which such servers make their processes.
    """

    def beat(_app: Flask) -> None:
        if "pulse" not in app.extensions:
            begin(app, ProcessKind.WEB)

    # Not among the looks at a request, of which each may refuse it before the next one.
    request_started.connect(beat, app, weak=False)


def listed() -> Sequence[Process]:
    """The processes that have not said goodbye, the oldest first; those long silent are left out."""
    heard_of = Process.beat_at >= clock.now() - FORGOTTEN_AFTER
    return db.session.scalars(select(Process).where(*_PRESENT, heard_of).order_by(Process.id)).all()


def is_alive(process: Process, now: datetime) -> bool:
    """Whether a process was heard of lately and has not said goodbye."""
    return process.left_at is None and now - process.beat_at <= SILENT_AFTER


def _forget(session: Session, now: datetime) -> None:
    """Remove the rows of those that are long gone."""
    long_ago = now - FORGOTTEN_AFTER
    changed(session, delete(Process).where(or_(Process.left_at < long_ago, Process.beat_at < long_ago)))


_PRESENT = (Process.left_at.is_(None),)
