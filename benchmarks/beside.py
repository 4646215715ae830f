"""Pages of `flask serve` while messages are sent as fast as they may be: by the paced dispatcher in the same process,
and by `flask dispatcher` beside it at full speed. The gateway answers at once.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from benchmarks import history
from benchmarks.faults import SEATS, Latencies, cookie, latencies, serve
from benchmarks.gateway import Gateway
from benchmarks.run import DATABASES, Run
from benchmarks.stage import Stage, call_off, check, sent, stage, wait_until
from benchmarks.table import Goal, Row
from mailing_app import clock
from tests.factories import a_mailing

AUDIENCE, LEAST = 60_000, 5_000
SECONDS, LEAST_SECONDS = 8, 2
AT_ITS_PACE = 300
"""Messages after which the dispatcher is taken to be at its pace."""

P95, P50 = Goal(3, at_most=True), Goal(1.5, at_most=True)


class Busy(NamedTuple):
    """Pages while messages are sent, and how many of those a second."""

    pages: Latencies
    rate: float


def rows(run: Run) -> Iterator[Row]:
    """Both ways of sending on each database."""
    for database in DATABASES:
        with stage(database) as here, Gateway() as gateway:
            history.register(run.of(AUDIENCE, LEAST))
            browser = cookie(here)
            yield from embedded(run, here, database, gateway, browser)
            here.stop()
            yield from separate(run, here, database, gateway, browser)
            check()


def embedded(run: Run, here: Stage, database: str, gateway: Gateway, browser: str) -> Iterator[Row]:
    """The dispatcher in the web's own process, as fast as its brake lets it."""
    ask = partial(latencies, serve(here, gateway.url), browser, run.of(SECONDS, LEAST_SECONDS))
    turns = run.in_turns(ask, partial(_busy, ask))
    yield _row("p95", f"page p95 while the embedded, paced dispatcher sends, {database}", P95, turns)


def separate(run: Run, here: Stage, database: str, gateway: Gateway, browser: str) -> Iterator[Row]:
    """`flask dispatcher` beside a web that sends nothing."""
    port = serve(here, gateway.url, dispatcher="off")
    ask = partial(latencies, port, browser, run.of(SECONDS, LEAST_SECONDS))

    def busy() -> Busy:
        here.start("dispatcher", gateway_url=gateway.url, gateway_concurrency=SEATS)
        try:
            return _busy(ask)
        finally:
            here.end_last()

    turns = run.in_turns(ask, busy)
    for figure, goal in (("p95", P95), ("p50", P50)):
        yield _row(figure, f"page {figure} with `flask dispatcher` beside it at full speed, {database}", goal, turns)


def _busy(ask: Callable[[], Latencies]) -> Busy:
    """Ask while a mailing is sent, and let nothing of it disturb who asks next."""
    mailing = a_mailing()
    wait_until(lambda: sent(mailing) >= AT_ITS_PACE, every=0.1)
    before, began = sent(mailing), clock.monotonic()
    asked = ask()
    rate = (sent(mailing) - before) / (clock.monotonic() - began)
    call_off(mailing)
    return Busy(asked, rate)


def _row(figure: str, what: str, goal: Goal, turns: Sequence[tuple[Latencies, Busy]]) -> Row:
    idle = [getattr(each, figure) for each, _ in turns]
    busy = [getattr(each.pages, figure) for _, each in turns]
    rates = [each.rate for _, each in turns]
    note = f"{min(rates):,.0f} to {max(rates):,.0f} messages/s meanwhile"
    return Row(what, goal, busy, "ms", idle, "idle", note=note)
