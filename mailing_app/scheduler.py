"""Flask-APScheduler: a few interval jobs, nothing else knows of it.

Never a job a mailing: the mailings that are due are found in the database, so a restart, a second
process or a stopped clock forgets nothing.
"""

import threading
from typing import Any

from flask import Flask
from flask_apscheduler import APScheduler

from mailing_app import clock, housekeeping, imports, pulse, retention
from mailing_app.db import empty_the_log
from mailing_app.dispatch.lookout import watch_the_clock
from mailing_app.dispatch.outage import Outage
from mailing_app.dispatch.tick import Dispatching
from mailing_app.letters import Carrier

EVERY_SECOND: dict[str, Any] = {
    "trigger": "interval", "seconds": 1, "coalesce": True, "max_instances": 1, "misfire_grace_time": None,
}  # fmt: skip
EVERY_FEW_SECONDS = EVERY_SECOND | {"seconds": 2}
EVERY_MINUTE = EVERY_SECOND | {"seconds": 60}
EVERY_TEN_MINUTES = EVERY_SECOND | {"seconds": 600}


class Schedule:
    """The ticking jobs of one process: the dispatcher that they drive, the work at imports, the daily letter and round,
    and what is forgotten."""

    def __init__(self, app: Flask, paced: bool):
        self._app = app
        self._dispatching = Dispatching(app, paced)
        self._scheduler = APScheduler()
        self._scheduler.init_app(app)
        each_second: dict[str, Any] = {
            "plan": self._dispatching.plan,
            "send": self._dispatching.send,
            "inquiries": self._dispatching.inquire,
            "imports": self._import,
        }
        self._name = pulse.unique_name()
        self._letters = Carrier(app, self._name)
        self._jobs = [
            self._scheduler.add_job(name, pulse.noting(name, job, every["seconds"]), **every)
            for every, jobs in (
                (EVERY_SECOND, each_second),
                (EVERY_FEW_SECONDS, {"letters": self._letters.tick}),
                (EVERY_MINUTE, {"retention": self._forget}),
                (EVERY_TEN_MINUTES, {"housekeeping": self._keep_house}),
            )
            for name, job in jobs.items()
        ]
        self._stopped = threading.Event()
        self._importing, self._forgetting, self._housekeeping = Outage(), Outage(), Outage()

    def start(self) -> None:
        """Begin to tick. Past Flask-APScheduler's own `start`, which silently does nothing under FLASK_DEBUG."""
        self._scheduler.scheduler.start()
        threading.Thread(
            target=watch_the_clock, args=(self._stopped, self._tick_now), name="clock-watch", daemon=True
        ).start()

    def ask_to_stop(self) -> None:
        """Claim nothing from now on; returns at once."""
        self._stopped.set()
        self._letters.ask_to_stop()
        self._dispatching.ask_to_stop()

    def stop(self) -> None:
        """Stop ticking and see the dispatcher out."""
        self.ask_to_stop()
        self._scheduler.scheduler.shutdown(wait=False)
        self._dispatching.stop()
        self._letters.stop()

    def _import(self) -> None:
        """Work at the files that were brought; what fails is tried again by the next tick."""
        with self._app.app_context(), self._importing.survived():
            imports.work(self._name, self._stopped.wait)

    def _forget(self) -> None:
        """Forget what has been kept for long enough; what fails is tried again by the next tick."""
        with self._app.app_context(), self._forgetting.survived():
            retention.work(self._app.config["SETTINGS"].retention_days, self._stopped.wait)
            empty_the_log()

    def _keep_house(self) -> None:
        """Once a day, over all processes; what fails or was left is for the next day."""
        with self._app.app_context(), self._housekeeping.survived():
            housekeeping.daily(self._app.config["SETTINGS"], self._stopped.wait)

    def _tick_now(self) -> None:
        """APScheduler reckons by the wall clock."""
        for job in self._jobs:
            job.modify(next_run_time=clock.now())
