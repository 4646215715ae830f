"""What reports cost at a million messages: `python -m benchmarks.reports [--database …] [--messages N]`.

Pages and figures in the application and over HTTP. With `--plans` also how the database goes about each statement.
"""

import http.client
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import click
from flask.testing import FlaskClient

from benchmarks import history, machine
from benchmarks.stage import Stage, stage, wait_until
from mailing_app import reports
from mailing_app.models import Role, Scope
from tests.conftest import signed_in, with_token
from tests.plans import planned
from tests.processes.conftest import free_port, is_served

ASKED = (
    "/", "/mailings", "/mailings/1", "/mailings/100", "/mailings/1/report", "/reports", "/reports/over-time",
    "/reports/over-time?by=month", "/reports/not-reached", "/status", "/api/v1/mailings", "/api/v1/mailings/1",
    "/api/v1/mailings/1/statistics", "/api/v1/mailings/1/report", "/api/v1/mailings/1/messages", "/api/v1/statistics",
    "/api/v1/statistics/over-time", "/api/v1/statistics/not-reached", "/api/v1/status",
)  # fmt: skip
"""What has to be there at once; the first mailing is the largest, the hundredth is running."""

FILE = "/reports/messages.csv"
WARM_UP, TIMES = 3, 21


@click.command()
@click.option("--messages", default=1_000_000, show_default=True)
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--plans", is_flag=True, help="Show how the database goes about each statement.")
def main(messages: int, database: str, plans: bool) -> None:
    """Measure, and print a table."""
    click.echo(f"reports of {messages} messages, on {database}; {os.cpu_count()} cores, {machine.processor()}")
    with stage(database) as here:
        began = time.monotonic()
        history.fill(messages)
        click.echo(f"  filled in {time.monotonic() - began:.0f} s; differences: {len(reports.check())}")
        askers = Askers(signed_in(here.app, Role.OPERATOR), with_token(here.app, Scope.READ))
        for what, figure in pages(here, askers):
            click.echo(f"  {what:<44} {figure}")
        if plans:
            show_plans(askers)


class Askers(NamedTuple):
    """Who asks for pages, and who for the API."""

    browser: FlaskClient
    program: FlaskClient

    def of(self, path: str) -> FlaskClient:
        """Who asks for this one."""
        return self.program if path.startswith("/api") else self.browser

    def got(self, path: str) -> None:
        """Ask for it."""
        answer = self.of(path).get(path)
        assert answer.status_code == 200, (path, answer.status_code)

    @property
    def headers(self) -> dict[str, str]:
        """What both send."""
        kept = self.browser.get_cookie("mailing_session")
        assert kept
        return {
            "Cookie": f"mailing_session={kept.value}",
            "Authorization": self.program.environ_base["HTTP_AUTHORIZATION"],
        }


def pages(here: Stage, askers: Askers) -> Iterator[tuple[str, str]]:
    """Each page in the application itself, and over HTTP."""
    line = http.client.HTTPConnection("127.0.0.1", serve(here), timeout=60)
    for path in ASKED:
        own = median(lambda path=path: askers.got(path), time.process_time)
        inside = median(lambda path=path: askers.got(path))
        outside = median(lambda path=path: fetched(line, path, askers.headers))
        yield path, f"{own:6.1f} ms of processor, {inside:6.1f} ms, over HTTP {outside:6.1f} ms"
    line.close()


def serve(here: Stage) -> int:
    """Start `flask serve` without a dispatcher, which would move the messages; its port, once it answers."""
    port = free_port()
    here.start("serve", "--no-dispatcher", port=port, gateway_url="http://127.0.0.1:9")
    wait_until(lambda: is_served(port))
    return port


def median(work: Callable[[], Any], watch: Callable[[], float] = time.perf_counter) -> float:
    """The median of its milliseconds by that clock, once it is warm."""
    for _ in range(WARM_UP):
        work()
    return 1000 * statistics.median(timed(work, watch) for _ in range(TIMES))


def timed(work: Callable[[], Any], watch: Callable[[], float] = time.perf_counter) -> float:
    """How long it takes by that clock."""
    began = watch()
    work()
    return watch() - began


def fetched(line: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> None:
    """Get a page whole."""
    line.request("GET", path, headers=headers)
    answer = line.getresponse()
    answer.read()
    assert answer.status == 200, (path, answer.status)


def show_plans(askers: Askers) -> None:
    """Each statement of each page, and how the database goes about it."""
    for path in (*ASKED, FILE):
        for each in planned(lambda path=path: askers.of(path).get(path).data):
            click.echo(f"\n{path}{' (SCANS)' if each.scans else ''}\n{each.statement}\n{each.plan}")


if __name__ == "__main__":
    main()
