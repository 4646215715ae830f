"""The thread of the pump: it enlists, beats, turns the pump while somebody wants that, and leaves in order."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

from config import Settings
from mailing_app import clock
from mailing_app.dispatch import means, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.outage import Outage
from mailing_app.dispatch.pump import IDLE, Pump
from mailing_app.errand import Errand
from mailing_app.pace import Pace

log = logging.getLogger(__name__)

BEAT_EVERY = 2.0
REST_AFTER_FAULT = 1.0
LEAVE_WITHIN = 10.0
"""Seconds in which a stopped dispatcher has finished what is in flight."""


class Sending(Errand):
    """The dispatcher of this process: it beats in any case, and its pump goes round while `wanted` or not empty."""

    def __init__(self, app: Flask, paced: bool = False):
        super().__init__("pump", LEAVE_WITHIN)
        self._app, self._paced = app, paced
        self._settings: Settings = app.config["SETTINGS"]
        self._last_beat = 0.0
        self._outage = Outage()
        self.wanted = threading.Event()
        """Whether to look for what is due. Who has begun goes on until there is nothing left."""

    def _run(self) -> None:
        with self._app.app_context():
            pump = self._stubbornly(self._enlisted)
            while pump and not self._stopping.is_set():
                self._stubbornly(partial(self._turn, pump))
            if pump:
                self._leave(pump)

    def _turn(self, pump: Pump) -> None:
        now = clock.monotonic()
        if now - self._last_beat > BEAT_EVERY:
            # First, and until it works nothing else: who cannot beat must not claim, as others will take it for dead.
            self._beat(pump)
            self._last_beat = now
        if self.wanted.is_set() or pump.held():
            pump.turn()
        else:
            self.wanted.wait(IDLE)

    def _beat(self, pump: Pump) -> None:
        me = pump.claimer.dispatcher_id
        if sweep.beat(me, clock.now(), in_flight=len(pump.seats.in_flight), **pump.watch.shown(clock.monotonic())):
            sweep.release_strays(me, pump.held(), clock.now())
        else:
            log.error("others took this dispatcher for dead; it enlists anew", extra={"dispatcher_id": me})
            pump.claimer = self._claimer()

    def _stubbornly(self, step: Callable[[], Any]) -> Any:
        """Go on after any fault: the database may be away for a while, and a fault of ours stops nothing else."""
        while True:
            try:
                result = step()
                self._outage.end()
                return result
            except Exception as fault:
                self._outage.complain(fault)
                if self._stopping.wait(REST_AFTER_FAULT):
                    return None

    def _enlisted(self) -> Pump:
        settings, pace = self._settings, Pace() if self._paced else None
        address, codes = means.address(settings), means.codes(settings)
        pump = Pump(address, settings.gateway_concurrency, self._claimer(), codes, pace)
        pump.gate.prepare(clock.now())
        return pump

    def _claimer(self) -> Claimer:
        settings = self._settings
        dispatcher_id = sweep.enlist(clock.now(), settings.gateway_concurrency)
        log.info("dispatcher enlisted", extra={"dispatcher_id": dispatcher_id})
        return Claimer(dispatcher_id, means.rate(settings), settings.gateway_deduplicates)

    def _leave(self, pump: Pump) -> None:
        """Finish and record what is in flight, as often as the database wants to be asked in the time there is."""
        me, deadline = pump.claimer.dispatcher_id, clock.monotonic() + LEAVE_WITHIN - 1
        while (left := deadline - clock.monotonic()) > 0:
            try:
                pump.stop(left)
                # What is still on the wire is given back as unknown: the next dispatcher need not wait for a lease.
                sweep.bury(me, clock.now(), self._settings.gateway_deduplicates)
                log.info("dispatcher left", extra={"dispatcher_id": me})
                return
            except Exception as fault:
                self._outage.complain(fault)
                time.sleep(min(REST_AFTER_FAULT, left))
