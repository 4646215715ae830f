"""The carrier: looks whether a letter is due and brings it to the mail server, in a thread of its own."""

import logging

from flask import Flask

from mailing_app import clock
from mailing_app.db import absence, db, look_again
from mailing_app.errand import Errand
from mailing_app.letters import ledger, post, span
from mailing_app.letters.composing import compose
from mailing_app.letters.figures import report

log = logging.getLogger(__name__)

LEAVE_WITHIN = 2.0
"""Seconds that a stopped process gives a letter that is on its way."""


class Carrier(Errand):
    """Ticked by every process that sends; of all of them one brings a letter. A mail server that hangs holds up nothing
    but the carrier's own thread, which ends with the process."""

    def __init__(self, app: Flask, worker: str):
        super().__init__("letters", LEAVE_WITHIN)
        self._app, self._worker, self._settings = app, worker, app.config["SETTINGS"]

    def tick(self) -> None:
        """Look whether there is a letter to bring, unless the last look goes on still."""
        if self._settings.report_email_at is not None:
            self.start()

    def _run(self) -> None:
        with self._app.app_context():
            try:
                self.bring()
            except Exception as fault:  # the next tick tries again
                db.session.rollback()
                if not absence(fault):  # which others tell of
                    log.error("fault of our own", exc_info=fault)

    def bring(self) -> bool:
        """Take up the letter that is due and bring it to the server; whether there was one."""
        settings = self._settings
        due_at = span.last_end(settings.report_email_at, settings.default_timezone, clock.now())
        turn = ledger.take(due_at, self._worker, clock.now())
        if turn is None:
            return False
        try:
            self._bring(turn)
        except post.Taken:
            log.info("another process has taken the daily letter up")
        except post.Rejected as fault:
            ledger.came_back(turn, str(fault), fault.for_good)
        except post.Unanswered as fault:
            ledger.lost(turn, str(fault))
        return True

    def _bring(self, turn: ledger.Turn) -> None:
        settings, recipients = self._settings, self._settings.report_email_to
        before = ledger.former_end(turn.due_at)
        day = span.day_until(turn.due_at, settings.report_email_at, settings.default_timezone, before)
        server = post.server_of(settings.smtp_url, recipients[0])
        letter = compose(report(day, clock.now()), server.sender, recipients)
        look_again()  # the conversation may take a while, and no read shall be open meanwhile
        ledger.arrived(turn, post.send(server, letter, recipients, lambda: ledger.hand_over(turn)))
