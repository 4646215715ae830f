"""The carrier: looks whether a letter is due and brings it to the mail server, in a thread of its own."""

import logging
import threading

from flask import Flask

from mailing_app import clock
from mailing_app.db import absence, db, look_again
from mailing_app.letters import ledger, post, span
from mailing_app.letters.composing import compose
from mailing_app.letters.figures import report

log = logging.getLogger(__name__)

LEAVE_WITHIN = 2.0
"""Seconds that a stopped process gives a letter that is on its way."""


class Carrier:
    """Ticked by every process that sends; of all of them one brings a letter. A mail server that hangs holds up nothing
    but the carrier's own thread, which ends with the process."""

    def __init__(self, app: Flask, worker: str):
        self._app, self._worker, self._settings = app, worker, app.config["SETTINGS"]
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    def tick(self) -> None:
        """Look whether there is a letter to bring, unless the last look goes on still."""
        wanted = self._settings.report_email_at is not None and not self._stopping.is_set()
        if wanted and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._look, name="letters", daemon=True)
            self._thread.start()

    def ask_to_stop(self) -> None:
        """Begin nothing from now on; returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        """Leave, with what is on its way brought if that is soon done."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(LEAVE_WITHIN)

    def _look(self) -> None:
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
