"""What the jobs come to in this process. Each looks in the database for what there is to do, and may come in vain."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask

from mailing_app import clock, health, housekeeping, imports, pulse, retention, status
from mailing_app.db import look_again
from mailing_app.dispatch import means
from mailing_app.dispatch.outage import Outage
from mailing_app.dispatch.sending import Sending
from mailing_app.dispatch.tick import advance, tidy
from mailing_app.letters import Carrier

LOOK_EVERY = 1.0
"""Seconds between two looks of who sends at whether anything is due still: as the plan has it, which begins it anew."""

STINT = 5.0
"""Seconds after which a job that has more to do makes room for others; the plan asks for it again."""

Rest = Callable[[float], Any]
"""Waits so many seconds, and says whether to leave."""


@dataclass(frozen=True)
class Needs:
    """What the fleet should do now: so many `hands` it has, and whether there is that to do."""

    hands: int = 1
    advance: bool = False
    send: bool = False


class Work:
    """The work of one process. Whatever fails is told of here and goes no further: the next job tries it again."""

    def __init__(self, app: Flask):
        self._app, self._settings = app, app.config["SETTINGS"]
        self._name = pulse.unique_name()
        self._inquirer = means.inquirer(self._settings)
        self._outages = defaultdict[str, Outage](Outage)
        self.sending = Sending(app)
        self.letters = Carrier(app, self._name)

    def plan(self, _rest: Rest) -> Needs:
        """Take every mailing a step further, and tell what the others should do."""
        needs = Needs()
        with self._surviving("look"):  # by itself: what keeps one mailing from a step keeps none from being sent
            needs = Needs(_hands(), send=_is_anything_due())
        with self._surviving("plan"):
            more = advance(clock.now())
            return replace(needs, advance=more, send=_is_anything_due())
        return needs

    def advance(self, rest: Rest) -> None:
        """Enrol large audiences and settle large mailings, together with others."""
        with self._surviving("advance"):
            _stint(lambda: advance(clock.now()), rest)

    def send(self, rest: Rest) -> None:
        """Let the pump claim until nothing is due."""
        with self._surviving("send"):
            try:
                self.sending.wanted.set()
                while not rest(LOOK_EVERY) and _is_anything_due():
                    pass
            finally:
                self.sending.wanted.clear()

    def take_in(self, rest: Rest) -> int:
        """Work at the files of clients that were brought; how many hands there are for the rest, 0 without one."""
        with self._surviving("take in"):
            more = _stint(lambda: imports.work(self._name, rest), rest)
            return _hands() if more else 0
        return 0

    def inquire(self, rest: Rest) -> None:
        """Ask the gateway what operators want to know of it."""
        if self._inquirer:
            with self._surviving("inquire"):
                self._inquirer.work(lambda: bool(rest(0)))

    def report(self, _rest: Rest) -> None:
        """See to the daily letter."""
        self.letters.tick()

    def forget(self, rest: Rest) -> None:
        """Forget what has been kept for long enough."""
        with self._surviving("forget"):
            tidy(clock.now())
            retention.work(self._settings.retention_days, rest)

    def keep_house(self, rest: Rest) -> None:
        """Once a day, over all processes."""
        with self._surviving("keep house"):
            housekeeping.daily(self._settings, rest)

    @contextmanager
    def _surviving(self, what: str) -> Iterator[None]:
        with self._app.app_context(), self._outages[what].survived():
            yield


def _stint(step: Callable[[], bool], rest: Rest) -> bool:
    """Take steps while there is more to do, as long as a job may; whether there is more still."""
    until = clock.monotonic() + STINT
    while more := step():
        if rest(0) or clock.monotonic() > until:
            break
    return more


def _hands() -> int:
    """How many there are to share the work; this process at least, whatever the clocks say."""
    return max(1, len(status.standing(clock.now()).alive))


def _is_anything_due() -> bool:
    look_again()
    due_at = health.oldest_due_at(clock.now())
    look_again()  # nothing is kept open while somebody waits
    return due_at is not None
