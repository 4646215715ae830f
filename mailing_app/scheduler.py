"""Flask-APScheduler: a few interval jobs, nothing else knows of it.

Never a job a mailing: the mailings that are due are found in the database, so a restart, a second
process or a stopped clock forgets nothing.
"""

from typing import Any

from flask import Flask
from flask_apscheduler import APScheduler

from mailing_app.dispatch.tick import Dispatching

EVERY_SECOND = {"trigger": "interval", "seconds": 1, "coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Schedule:
    """The ticking jobs of one process and the dispatcher that they drive."""

    def __init__(self, app: Flask, paced: bool):
        self._dispatching = Dispatching(app, paced)
        self._scheduler = APScheduler()
        self._scheduler.init_app(app)
        jobs: dict[str, Any] = {"plan": self._dispatching.plan, "send": self._dispatching.send}
        for name, job in jobs.items():
            self._scheduler.add_job(name, job, **EVERY_SECOND)

    def start(self) -> None:
        """Begin to tick. Past Flask-APScheduler's own `start`, which silently does nothing under FLASK_DEBUG."""
        self._scheduler.scheduler.start()

    def ask_to_stop(self) -> None:
        """Claim nothing from now on; returns at once."""
        self._dispatching.ask_to_stop()

    def stop(self) -> None:
        """Stop ticking and see the dispatcher out."""
        self._dispatching.ask_to_stop()
        self._scheduler.scheduler.shutdown(wait=False)
        self._dispatching.stop()
