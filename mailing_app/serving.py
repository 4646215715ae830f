"""Running as a process: the web server, the dispatcher, the practice gateway, and their orderly end."""

import json
import logging
import os
import signal
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TYPE_CHECKING

from flask import Flask

from config import Settings
from mailing_app import pulse, webserver
from mailing_app.models import ProcessKind
from mailing_app.practice import PracticeGateway
from mailing_app.scheduler import Schedule

if TYPE_CHECKING:  # the queue is loaded by who works at it
    from mailing_app.fleet.worker import Worker

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT)

NICENESS = 5
"""Of a process that only sends: where every core is taken, a third of what a page beside it gets."""

DESCRIPTORS = 4096
"""Twice the most seats there may be."""

WAKING = 25e-6
"""Seconds between two threads that wake to ask for the interpreter, each of those that wait once a switch interval."""


def serve(app: Flask, host: str, port: int, dispatches: bool) -> None:
    """The web server, and with it a paced dispatcher and the practice gateway where they are wanted. Until SIGTERM."""
    settings: Settings = app.config["SETTINGS"]
    if settings.exposed_at(host):
        sys.exit("MODE: say production or development when serving beyond this machine")
    _take_descriptors()
    if dispatches:
        _let_seats_wait(settings)
    with leaving_signals_to_the_main_thread():
        practice = practise(settings) if settings.practising else None
        schedule = Schedule(app, paced=True) if dispatches else None
        try:
            server = webserver.create(app, host, port)
        except OSError as error:
            sys.exit(f"PORT: {host}:{port}: {error.strerror}")
        on_stop(schedule.ask_to_stop if schedule else lambda: None)
        if schedule:
            schedule.start()
        pulse.begin(app, ProcessKind.BOTH if schedule else ProcessKind.WEB)
    log.info("serving", extra={"url": f"http://{host}:{port}"})
    server.run()  # returns after SystemExit, with the requests at work answered
    if schedule:
        schedule.stop()
    if practice:
        practice.stop()


def dispatch(app: Flask) -> None:
    """A dispatcher alone, unbraked. Until SIGTERM."""
    _until_asked(app, Schedule(app, paced=False))


def work(app: Flask) -> None:
    """A worker of the fleet. Until SIGTERM."""
    if not app.config["SETTINGS"].has_server:
        sys.exit("DATABASE_URL: a worker of the fleet needs PostgreSQL")
    from mailing_app.fleet.worker import Worker

    _until_asked(app, Worker(app))


def _until_asked(app: Flask, sender: "Schedule | Worker") -> None:
    _stand_back()
    _take_descriptors()
    _let_seats_wait(app.config["SETTINGS"])
    asked = threading.Event()
    on_stop(sender.ask_to_stop)
    try:
        with leaving_signals_to_the_main_thread():
            sender.start()
            pulse.begin(app, ProcessKind.DISPATCHER)
        asked.wait()
    except (SystemExit, KeyboardInterrupt):
        sender.stop()


def _stand_back() -> None:
    """Where there are too few cores, pages go first: messages have until the end of their mailing."""
    if hasattr(os, "nice"):  # every system but Windows
        os.nice(NICENESS)


def _take_descriptors() -> None:
    """Enough for a line in each seat: what a process gets unasked is often 1,024, or 256."""
    with suppress(ImportError):  # Windows has no such limit
        import resource

        given, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        enough = DESCRIPTORS if most == resource.RLIM_INFINITY else min(DESCRIPTORS, most)
        if given != resource.RLIM_INFINITY and given < enough:
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, most))


def _let_seats_wait(settings: Settings) -> None:
    """Their asking for the interpreter must be no work: where the answers of a thousand came at once, as after a stop
    of the process, it took the processor for good with Python's 5 ms, and nothing was recorded.
    """
    sys.setswitchinterval(max(sys.getswitchinterval(), settings.gateway_concurrency * WAKING))


def practise(settings: Settings) -> PracticeGateway | None:
    """The practice gateway on loopback; None when another process of ours has opened it already."""
    gateway = PracticeGateway(port=settings.practice_port)
    try:
        return gateway.start()
    except OSError as error:
        if _is_ours(settings.gateway):
            return None
        sys.exit(f"PRACTICE_PORT: {settings.practice_port}: {error.strerror}")


def on_stop(ask: Callable[[], None]) -> None:
    """The first SIGTERM or SIGINT asks for an orderly end, the second leaves at once."""

    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if asked:
            os._exit(1)
        asked.append(number)
        ask()
        raise SystemExit(0)

    for number in SIGNALS:
        signal.signal(number, stop)


@contextmanager
def leaving_signals_to_the_main_thread() -> Iterator[None]:
    """Threads started within, and those that they start, are never given a signal to stop.

    The system may give it to any thread that takes it, and only the main one runs handlers: it would
    not wake, and the signal be lost.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


def _is_ours(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/whoami", timeout=2) as answer:  # noqa: S310 - a fixed loopback address
            return bool(json.load(answer).get("practice_gateway"))
    except (OSError, ValueError, AttributeError):
        return False
