"""What faults cost: `python -m benchmarks.faults [--database sqlite|postgresql]`, about five minutes.

Kills in the middle of a run, pages beside a gateway that hangs or that takes all it gets, and a token
that is refused from one moment to the next.
"""

import http.client
import statistics
import threading
import time
from collections.abc import Iterator
from itertools import cycle
from typing import Any, NamedTuple

import click
from sqlalchemy import func, select

from benchmarks.stage import Stage, an_audience, sent, stage, wait_until
from mailing_app.db import db
from mailing_app.models import Dispatcher, Role
from mailing_app.practice import PracticeGateway
from tests.conftest import signed_in
from tests.processes.conftest import free_port, is_served

KILLS, MESSAGES = 10, 2_000
PAGES = ("/", "/mailings")
A_SECOND, SECONDS = 20, 10
SEATS = 64
MINUTE = 60.0


@click.command()
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
def main(database: str) -> None:
    """Measure, and print a table."""
    click.echo(f"faults, on {database}")
    with stage(database) as here:
        for measure in (kills, pages_beside_a_hanging_gateway, pages_beside_a_quick_gateway, a_refused_token):
            for what, figure in measure(here):
                click.echo(f"  {what:<68} {figure}")
            here.clear()


def kills(here: Stage) -> Iterator[tuple[str, str]]:
    """Kill the only dispatcher at ten moments of a run, and start another one each time."""
    from_kill, from_restart = [0.0], [0.0]
    with PracticeGateway(keep=10 * MESSAGES) as gateway:
        gateway.latency = 0.02
        mailing = an_audience(MESSAGES)
        dispatcher = here.start("dispatcher", gateway_url=gateway.url, gateway_concurrency=16)
        for kill in range(KILLS):
            begun = gateway.counts().distinct
            wait_until(lambda more=begun + 10 + 23 * kill: gateway.counts().distinct >= more)
            dispatcher.kill()
            dispatcher.wait()
            killed = time.monotonic()
            gateway.wait_for_requests(10 * MESSAGES, timeout=0.1)  # what was on the wire arrives
            begun, restarted = gateway.counts().distinct, time.monotonic()
            dispatcher = here.start("dispatcher", gateway_url=gateway.url, gateway_concurrency=16)
            resumed = wait_until(lambda begun=begun: gateway.counts().distinct > begun)
            from_kill.append(resumed - killed)
            from_restart.append(resumed - restarted)
        wait_until(lambda: sent(mailing) == MESSAGES)
        yield f"{KILLS} kills over {MESSAGES} messages, 16 seats: lost", str(MESSAGES - len(gateway.accepted()))
        yield "  repeats", str(gateway.counts().repeated)
        yield "  slowest resumption, from the restart", f"{max(from_restart):.2f} s"
        yield "  slowest resumption, from the kill", f"{max(from_kill):.2f} s"


def pages_beside_a_hanging_gateway(here: Stage) -> Iterator[tuple[str, str]]:
    """Pages while every seat waits for an answer that does not come."""
    with PracticeGateway() as gateway:
        gateway.latency = 0.05
        port = serve(here, gateway.url, gateway_timeout=600)
        browser = cookie(here)
        yield "pages of `flask serve`, idle", str(latencies(port, browser))
        an_audience(20_000)
        wait_until(lambda: highest(Dispatcher.allowed) == SEATS)
        gateway.set_weather("hanging")
        wait_until(lambda: highest(Dispatcher.in_flight) == SEATS)
        yield f"  while the gateway hangs with {SEATS} requests in flight", str(latencies(port, browser))


def pages_beside_a_quick_gateway(here: Stage) -> Iterator[tuple[str, str]]:
    """Pages while the embedded dispatcher sends as fast as its brake lets it."""
    gateway_port = free_port()
    here.start("practice-gateway", "--port", str(gateway_port))
    port = serve(here, f"http://127.0.0.1:{gateway_port}")
    browser = cookie(here)
    yield "pages of `flask serve`, idle", str(latencies(port, browser))
    mailing = an_audience(50_000)
    wait_until(lambda: sent(mailing) > 500)
    before, began = sent(mailing), time.monotonic()
    figure = str(latencies(port, browser))
    rate = (sent(mailing) - before) / (time.monotonic() - began)
    yield f"  while it sends {rate:.0f} messages a second to a gateway of 0 ms", figure


def a_refused_token(here: Stage) -> Iterator[tuple[str, str]]:
    """How often the gateway is asked in the minute after it begins to refuse the token."""
    with PracticeGateway(keep=10) as gateway:
        gateway.latency = 0.05
        an_audience(20_000)
        here.start("dispatcher", gateway_url=gateway.url, gateway_concurrency=SEATS)
        wait_until(lambda: highest(Dispatcher.allowed) == SEATS)
        gateway.set_weather("401")
        before = gateway.counts().received
        gateway.wait_for_requests(before + 20_000, timeout=MINUTE)
        yield f"requests in the minute after the first 401, {SEATS} seats", str(gateway.counts().received - before)


def serve(here: Stage, gateway_url: str, **settings: float) -> int:
    """Start `flask serve`; its port, once it answers."""
    port = free_port()
    here.start("serve", port=port, gateway_url=gateway_url, gateway_concurrency=SEATS, **settings)
    wait_until(lambda: is_served(port))
    return port


def cookie(here: Stage) -> str:
    """What the browser of a signed-in operator sends."""
    kept = signed_in(here.app, Role.OPERATOR).get_cookie("mailing_session")
    assert kept
    return f"mailing_session={kept.value}"


def highest(column: Any) -> int:
    """The highest figure that any dispatcher shows."""
    db.session.commit()
    return db.session.scalar(select(func.max(column))) or 0


class Latencies(NamedTuple):
    """Milliseconds from when a page was due to its last byte: the median, and the 95th percentile."""

    p50: float
    p95: float

    def __str__(self) -> str:
        return f"p50 {self.p50:.0f} ms, p95 {self.p95:.0f} ms"


def latencies(port: int, browser: str, seconds: float = SECONDS) -> Latencies:
    """Ask in an open loop for so long, whether the answers come or not."""
    for path in PAGES * 5:  # the first of each compiles its templates
        ask(port, path, browser, 0.0)
    taken: list[float] = []
    began = time.monotonic()
    askers = []
    for number, path in zip(range(int(A_SECOND * seconds)), cycle(PAGES), strict=False):
        due = began + number / A_SECOND
        time.sleep(max(due - time.monotonic(), 0))
        askers.append(threading.Thread(target=lambda *of: taken.append(ask(*of)), args=(port, path, browser, due)))
        askers[-1].start()
    for asker in askers:
        asker.join()
    cuts = statistics.quantiles(taken, n=20)
    return Latencies(1000 * cuts[9], 1000 * cuts[18])


def ask(port: int, path: str, browser: str, due: float) -> float:
    """Get a page whole; the seconds since it was due."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path, headers={"Cookie": browser})
    answer = connection.getresponse()
    assert answer.status == 200, answer.status
    answer.read()
    connection.close()
    return time.monotonic() - due


if __name__ == "__main__":
    main()
