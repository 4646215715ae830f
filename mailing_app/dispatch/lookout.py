"""The lookout: each process watches the other dispatchers and its own clock.

In person, every few seconds: the dead are told from the stalled by a counter that one and the same process has
seen stand still on its own monotonic clock.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from threading import Event

from config import Settings
from mailing_app import clock
from mailing_app.dispatch import rewind, sweep

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks at whether the clock was set."""


class Lookout:
    """Sweeps what died, and sees to it that nobody waits for a moment of a clock that was set back."""

    def __init__(self, settings: Settings) -> None:
        # Far longer than an exchange may take, so that only the dead and the stalled lose their claims.
        self._sweeper = sweep.Sweeper(2 * settings.gateway_timeout + 15, settings.gateway_deduplicates)
        self._steps, self._set_back = clock.Steps(), False

    def look(self) -> None:
        """One look at the clock and at the others; what fails is done by the next one."""
        self._set_back |= self._steps.since_last_look(clock.now(), clock.monotonic()) < timedelta()
        if self._set_back:
            rewind.rewind(clock.now())
            self._set_back = False
        self._sweeper.sweep(clock.now(), clock.monotonic())


def watch_the_clock(stopped: Event, begin_anew: Callable[[], None]) -> None:
    """Until stopped: whenever the wall clock was set, say so and let begin anew what reckons by it.

    A scheduler whose clock is set back by an hour would not tick for an hour; one whose clock is set forward would
    make up for every tick of it.
    """
    steps = clock.Steps()
    while not stopped.wait(LOOK_EVERY):
        step = steps.since_last_look(clock.now(), clock.monotonic())
        if step != timedelta():
            log.warning("the clock was set", extra={"seconds": step.total_seconds()})
            begin_anew()
