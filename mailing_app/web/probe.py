"""A question to the database that is answered in time, whatever becomes of the database."""

import threading
from collections.abc import Callable, Sequence

from flask import Flask

from mailing_app.db import absence

Question = Callable[[], Sequence[str]]


class Probe:
    """Asks in a thread of its own, one at a time: whoever comes while a question is out waits for the same answer."""

    def __init__(self, question: Question, absent: str):
        self._question, self._absent = question, absent
        self._one_at_a_time = threading.Lock()
        self._asked: _Asked | None = None

    def ask(self, app: Flask, seconds: float) -> Sequence[str]:
        """What the database says, or that it is absent: also when it has said nothing after so many seconds."""
        with self._one_at_a_time:
            if self._asked is None or self._asked.is_answered.is_set():
                self._asked = _Asked(app, self._question)
            asked = self._asked
        if not asked.is_answered.wait(seconds):
            return [self._absent]
        if asked.fault is not None and not absence(asked.fault):
            raise asked.fault
        return [self._absent] if asked.fault else asked.answer


class _Asked:
    """One question that is out."""

    def __init__(self, app: Flask, question: Question):
        self.is_answered = threading.Event()
        self.answer: Sequence[str] = []
        self.fault: Exception | None = None
        self._app, self._question = app, question
        threading.Thread(target=self._run, name="probe", daemon=True).start()

    def _run(self) -> None:
        try:
            with self._app.app_context():
                self.answer = self._question()
        except Exception as fault:
            self.fault = fault
        finally:
            self.is_answered.set()
