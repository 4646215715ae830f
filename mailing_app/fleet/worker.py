"""A worker of the fleet: a dispatcher that the queue's jobs drive."""

import threading

from flask import Flask

from mailing_app import clock
from mailing_app.dispatch.lookout import LOOK_EVERY, Lookout, watch_the_clock
from mailing_app.dispatch.outage import Outage
from mailing_app.fleet.shift import Shift
from mailing_app.fleet.work import Work

REST_BETWEEN_SHIFTS = 1.0
LEAVE_WITHIN = 11.0
"""Seconds from the request to the end."""


class Worker:
    """The worker of this process. It goes on after any fault, whether it is the database or the queue that is away."""

    def __init__(self, app: Flask):
        self._app = app
        self._work = Work(app)
        self._lookout = Lookout(app.config["SETTINGS"])
        self._stopped = threading.Event()
        self._outage = Outage()
        self._shift = self._next_shift()
        self._threads = [
            threading.Thread(target=target, name=target.__name__.strip("_"), daemon=True)
            for target in (self._look, self._work_shifts, self._watch)
        ]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def ask_to_stop(self) -> None:
        """Claim nothing and take up no job from now on; returns at once."""
        self._stopped.set()
        self._work.sending.ask_to_stop()
        self._work.letters.ask_to_stop()
        self._shift.end()

    def stop(self) -> None:
        """Leave, with what is in flight finished and recorded."""
        until = clock.monotonic() + LEAVE_WITHIN
        self.ask_to_stop()
        self._work.sending.stop()
        self._work.letters.stop()
        for thread in self._threads:
            thread.join(max(until - clock.monotonic(), 0))

    def _look(self) -> None:
        """In a thread of its own and not by jobs: they would come to another process each time."""
        outage = Outage()
        while not self._stopped.wait(LOOK_EVERY):
            self._work.sending.start()
            with self._app.app_context(), outage.survived():
                self._lookout.look()

    def _work_shifts(self) -> None:
        while not self._stopped.is_set():
            try:
                self._shift.run()
            except Exception as fault:
                with self._app.app_context():
                    self._outage.complain(fault)
            self._stopped.wait(REST_BETWEEN_SHIFTS)
            self._shift = self._next_shift()

    def _next_shift(self) -> Shift:
        return Shift(self._app.config["SETTINGS"].database_url, self._work, self._outage)

    def _watch(self) -> None:
        watch_the_clock(self._stopped, self._begin_anew)

    def _begin_anew(self) -> None:
        """The queue reckons by the wall clock when a job comes round: let the next shift look at it afresh."""
        self._shift.end()
