"""The door of the wing: what the scheduler ticks, and the thread in which the pump runs."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from flask import Flask

from config import Settings
from mailing_app import clock, turns
from mailing_app.dispatch import enrol, excerpts, gateway, inquire, rewind, settle, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.judge import Codes
from mailing_app.dispatch.outage import Outage
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.pump import Pump
from mailing_app.dispatch.rate import Rate
from mailing_app.pace import Pace

log = logging.getLogger(__name__)

BEAT_EVERY = 2.0
REST_AFTER_FAULT = 1.0
TIDY_EVERY = 3600.0
LEAVE_WITHIN = 10.0
"""Seconds in which a stopped dispatcher has finished what is in flight."""


class Dispatching:
    """A dispatcher in this process. `plan`, `send` and `inquire` are ticked; any number of processes may have one."""

    def __init__(self, app: Flask, paced: bool):
        self._app, self._paced = app, paced
        self._settings: Settings = app.config["SETTINGS"]
        settings = self._settings
        self._address = gateway.Address(
            settings.gateway, settings.gateway_token, settings.gateway_timeout, settings.gateway_connect_timeout
        )
        # Far longer than an exchange may take, so that only the dead and the stalled lose their claims.
        self._sweeper = sweep.Sweeper(2 * settings.gateway_timeout + 15, settings.gateway_deduplicates)
        self._steps, self._set_back = clock.Steps(), False
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_beat, self._tidied_at = 0.0, -TIDY_EVERY
        self._planning, self._pumping, self._inquiring = Outage(), Outage(), Outage()
        self._inquirer = inquire.Inquirer(self._address, self._codes(), self._rate()) if settings.looks_up else None

    def plan(self) -> None:
        """Enrol who is due, settle what is over, sweep what died; what fails is tried again by the next tick."""
        with self._app.app_context(), self._planning.survived():
            self._plan()

    def inquire(self) -> None:
        """Ask the gateway what operators want to know of it; what fails is tried again by the next tick."""
        if self._inquirer is None:
            return
        with self._app.app_context(), self._inquiring.survived():
            self._inquirer.work(self._stopping.is_set)

    def send(self) -> None:
        """See to it that the pump runs: the first tick starts it, and one that died is started again."""
        if not self._stopping.is_set() and (self._thread is None or not self._thread.is_alive()):
            self._thread = threading.Thread(target=self._run, name="pump", daemon=True)
            self._thread.start()

    def ask_to_stop(self) -> None:
        """Claim nothing from now on; returns at once."""
        self._stopping.set()

    def stop(self) -> None:
        """Leave: nothing more is claimed, what is in flight is finished and recorded."""
        self.ask_to_stop()
        if self._thread is not None:
            self._thread.join(LEAVE_WITHIN)

    def _plan(self) -> None:
        self._set_back |= self._steps.since_last_look(clock.now(), clock.monotonic()) < timedelta()
        if self._set_back:
            rewind.rewind(clock.now())
            self._set_back = False
        self._sweeper.sweep(clock.now(), clock.monotonic())
        self._tidy(clock.monotonic())
        while not self._stopping.is_set() and (settle.settle(clock.now()) | enrol.enrol(clock.now())):
            pass

    def _tidy(self, monotonic: float) -> None:
        """Forget what is kept for people to look at, once it is old."""
        if monotonic - self._tidied_at >= TIDY_EVERY:
            turns.forget(clock.now())
            excerpts.forget(clock.now())
            self._tidied_at = monotonic

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
        pump.turn()

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
                self._pumping.end()
                return result
            except Exception as fault:
                self._pumping.complain(fault)
                if self._stopping.wait(REST_AFTER_FAULT):
                    return None

    def _enlisted(self) -> Pump:
        settings, pace = self._settings, Pace() if self._paced else None
        pump = Pump(self._address, settings.gateway_concurrency, self._claimer(), self._codes(), pace)
        pump.gate.prepare(clock.now())
        return pump

    def _claimer(self) -> Claimer:
        settings = self._settings
        dispatcher_id = sweep.enlist(clock.now(), settings.gateway_concurrency)
        log.info("dispatcher enlisted", extra={"dispatcher_id": dispatcher_id})
        return Claimer(dispatcher_id, self._rate(), settings.gateway_deduplicates)

    def _codes(self) -> Codes:
        return {code: Outcome(meaning) for code, meaning in self._settings.gateway_codes.items()}

    def _rate(self) -> Rate | None:
        settings = self._settings
        return Rate(settings.gateway_rate, settings.gateway_rate_unit == "parts") if settings.gateway_rate else None

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
                self._pumping.complain(fault)
                time.sleep(min(REST_AFTER_FAULT, left))
