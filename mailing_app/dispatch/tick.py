"""The door of the wing: what the scheduler ticks, and the steps that the fleet's jobs take too."""

import threading
from datetime import datetime

from flask import Flask

from config import Settings
from mailing_app import clock, turns
from mailing_app.dispatch import enrol, excerpts, means, settle
from mailing_app.dispatch.lookout import Lookout
from mailing_app.dispatch.outage import Outage
from mailing_app.dispatch.sending import Sending

TIDY_EVERY = 3600.0


class Dispatching:
    """A dispatcher in this process. `plan`, `send` and `inquire` are ticked; any number of processes may have one."""

    def __init__(self, app: Flask, paced: bool):
        self._app = app
        settings: Settings = app.config["SETTINGS"]
        self._lookout = Lookout(settings)
        self._sending = Sending(app, paced)
        self._sending.wanted.set()
        self._inquirer = means.inquirer(settings)
        self._stopping = threading.Event()
        self._tidied_at = -TIDY_EVERY
        self._planning, self._inquiring = Outage(), Outage()

    def plan(self) -> None:
        """Enrol who is due, settle what is over, sweep what died; what fails is tried again by the next tick."""
        with self._app.app_context(), self._planning.survived():
            self._lookout.look()
            self._tidy(clock.monotonic())
            while not self._stopping.is_set() and advance(clock.now()):
                pass

    def inquire(self) -> None:
        """Ask the gateway what operators want to know of it; what fails is tried again by the next tick."""
        if self._inquirer is None:
            return
        with self._app.app_context(), self._inquiring.survived():
            self._inquirer.work(self._stopping.is_set)

    def send(self) -> None:
        """See to it that the pump runs: the first tick starts it, and one that died is started again."""
        self._sending.start()

    def ask_to_stop(self) -> None:
        """Claim nothing from now on; returns at once."""
        self._stopping.set()
        self._sending.ask_to_stop()

    def stop(self) -> None:
        """Leave: nothing more is claimed, what is in flight is finished and recorded."""
        self.ask_to_stop()
        self._sending.stop()

    def _tidy(self, monotonic: float) -> None:
        if monotonic - self._tidied_at >= TIDY_EVERY:
            tidy(clock.now())
            self._tidied_at = monotonic


def advance(now: datetime) -> bool:
    """Take every mailing that has begun or is over a step further; whether more is left to do."""
    return settle.settle(now) | enrol.enrol(now)


def tidy(now: datetime) -> None:
    """Forget what is kept for people to look at, once it is old."""
    turns.forget(now)
    excerpts.forget(now)
