"""What sending takes of memory: with a million recipients under way, and with a thousand messages a second at a gateway
that takes a second for each.
"""

import os
import signal
import time
from collections.abc import Iterator

from benchmarks import history
from benchmarks.faults import cookie, latencies, serve
from benchmarks.gateway import Gateway
from benchmarks.legs import LEFT_OUT, leg
from benchmarks.processes import memory
from benchmarks.run import DATABASES, Run
from benchmarks.stage import Stage, check, reached, sent, stage, wait_until
from benchmarks.table import Goal, Row
from mailing_app.models import Mailing
from tests.factories import a_mailing

RECIPIENTS, LEAST = 1_000_000, 5_000
UNDER_WAY, AT_LEAST = 30, 3
"""Seconds of sending, with pages asked for meanwhile, after which the highest memory is taken."""

SEATS, SLOW, MESSAGES = 1280, 1.0, 30_000
"""A thousand a second at a second each are a thousand in flight; every seat needs a moment more than the answer, and
the turns of the pump another."""

STOPPED = 2.0
"""Seconds for which the machine leaves the dispatcher alone: all answers are there when it goes on."""

TOGETHER, ALONE = Goal(200, at_most=True, unit="MiB"), Goal(300, at_most=True, unit="MiB")
WITHIN = 300.0


def rows(run: Run) -> Iterator[Row]:
    """One process with everybody to be written to, then a dispatcher at a slow gateway."""
    for database in DATABASES:
        with stage(database) as here:
            history.register(run.of(RECIPIENTS, LEAST))
            yield under_way(run, here, database)
            check()
        with stage(database) as here:
            yield from at_a_slow_gateway(run, here, database)
            check()


def under_way(run: Run, here: Stage, database: str) -> Row:
    """`flask serve` with its dispatcher, from the enrolment on."""
    with Gateway() as gateway:
        port, browser = serve(here, gateway.url), cookie(here)
        mailing = a_mailing()
        wait_until(lambda: reached(mailing, Mailing.enrolled_at), WITHIN, every=0.2)
        wait_until(lambda: sent(mailing) > 0, every=0.1)
        pages = latencies(port, browser, run.of(UNDER_WAY, AT_LEAST))
        highest, done = memory(here.last.pid), sent(mailing)
        here.stop()
    note = f"{done:,} sent, pages {pages}"
    return Row(f"memory of web and dispatcher, 1,000,000 recipients under way, {database}", TOGETHER, [highest], "MiB",
               note=note)  # fmt: skip


def at_a_slow_gateway(run: Run, here: Stage, database: str) -> Iterator[Row]:
    """`flask dispatcher` alone, with as many seats as it takes."""
    number = run.of(MESSAGES, 3 * SEATS)
    history.register(number)
    with Gateway(SLOW) as gateway:
        mailing = a_mailing()
        process = here.start_alone("dispatcher", gateway_url=gateway.url, gateway_concurrency=SEATS)
        told = leg(process.pid, lambda: sent(mailing), number)
        again = a_mailing()
        resumed = after_a_stop(process.pid, again, number)
        highest = memory(process.pid)
        here.stop()
    what = f"messages/s at a gateway that takes 1 s, {SEATS} seats, {database}"
    yield Row(what, Goal(1000, unit="/s"), [told.rate], "/s", note=f"{told.cost:.2f} ms of processor each")
    yield Row(f"{what}: after a stop of {STOPPED:.0f} s", Goal(1000, unit="/s"), [resumed], "/s")
    yield Row(f"{what}: memory", ALONE, [highest], "MiB")


def after_a_stop(pid: int, mailing: Mailing, number: int) -> float:
    """Messages a second from the moment on from which a process that was stopped at its pace may go on, to the last."""
    wait_until(lambda: sent(mailing) > number * LEFT_OUT, WITHIN, every=0.1)
    os.kill(pid, signal.SIGSTOP)
    time.sleep(STOPPED)
    before, began = sent(mailing), time.monotonic()
    os.kill(pid, signal.SIGCONT)
    wait_until(lambda: sent(mailing) >= number, WITHIN, every=0.1)
    return (number - before) / (time.monotonic() - began)
