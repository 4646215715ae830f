"""What reports cost at a million messages: `python -m benchmarks.reports [--database …] [--messages N]`.

Pages and figures in the application and over HTTP, then the file of all messages beside what the database's own client
takes for the same rows. With `--plans` also how the database goes about each statement.
"""

import http.client
import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
from flask.testing import FlaskClient
from sqlalchemy import func, select

from benchmarks import history, machine
from benchmarks.processes import memory
from benchmarks.stage import Stage, beside_the_server, stage, wait_until
from mailing_app import reports
from mailing_app.db import db
from mailing_app.models import Message, Role, Scope
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
WARM_UP, TIMES, FILES = 3, 21, 3

SAME_ROWS = """
    SELECT m.mailing_id, g.name, g.starts_at, m.id, m.client_id,
        coalesce(m.phone, (SELECT phone FROM client c WHERE c.id = m.client_id)), m.status, m.reason, m.attempts,
        m.created_at, m.due_at, m.sent_at, m.enrolled_code, m.enrolled_tag, m.enrolled_zone
    FROM message m JOIN mailing g ON g.id = m.mailing_id ORDER BY m.mailing_id, m.client_id
"""
"""What the peers write: the same columns in the same order, without any guard and without another shape of moments."""


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
        for measure in (pages, files):
            for what, figure in measure(here, askers):
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
        outside = median(lambda path=path: _fetched(line, path, askers.headers))
        yield path, f"{own:6.1f} ms of processor, {inside:6.1f} ms, over HTTP {outside:6.1f} ms"
    line.close()


def files(here: Stage, askers: Askers) -> Iterator[tuple[str, str]]:
    """The file of all messages, in turns with the database's own client."""
    port = serve(here)
    number, pid = db.session.scalar(select(func.count(Message.id))) or 0, here.last.pid
    db.session.commit()
    for path in ASKED:  # the first of each compiles its templates
        _fetched(http.client.HTTPConnection("127.0.0.1", port), path, askers.headers)
    before = memory(pid, "VmRSS")
    peer, own = [], []
    for _ in range(FILES):
        peer.append(_timed(_peer))
        own.append(_file(port, askers.headers, number))
    theirs, ours = statistics.median(peer), statistics.median(whole for whole, _ in own)
    yield f"the peer, {_PEERS[db.engine.dialect.name]}", f"{number / theirs:,.0f} rows/s"
    yield "the file over HTTP", f"{number / ours:,.0f} rows/s, {theirs / ours:.2f} of the peer"
    yield "  its first line", f"{max(first for _, first in own) * 1000:.0f} ms at most"
    yield "  memory of the server", f"{before:.0f} MiB before, {memory(pid):.0f} at most"


def serve(here: Stage) -> int:
    """Start `flask serve` without a dispatcher, which would move the messages; its port, once it answers."""
    port = free_port()
    here.start("serve", "--no-dispatcher", port=port, gateway_url="http://127.0.0.1:9")
    wait_until(lambda: is_served(port))
    return port


_PEERS = {"sqlite": "sqlite3 -csv", "postgresql": r"psql \copy"}


def median(work: Callable[[], Any], watch: Callable[[], float] = time.perf_counter) -> float:
    """The median of its milliseconds by that clock, once it is warm."""
    for _ in range(WARM_UP):
        work()
    return 1000 * statistics.median(_timed(work, watch) for _ in range(TIMES))


def _timed(work: Callable[[], Any], watch: Callable[[], float] = time.perf_counter) -> float:
    began = watch()
    work()
    return watch() - began


def _fetched(line: http.client.HTTPConnection, path: str, headers: dict[str, str]) -> None:
    line.request("GET", path, headers=headers)
    answer = line.getresponse()
    answer.read()
    assert answer.status == 200, (path, answer.status)


def _file(port: int, headers: dict[str, str], number: int) -> tuple[float, float]:
    """Read it whole; the seconds until its end, and until the first line below its titles."""
    began, ends, first = time.perf_counter(), 0, 0.0
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    line.request("GET", FILE, headers=headers)
    answer = line.getresponse()
    while piece := answer.read1(2**18):
        ends += piece.count(b"\n")
        first = first or (time.perf_counter() - began if ends > 1 else 0.0)
    assert ends == number + 1, ends
    line.close()
    return time.perf_counter() - began, first


def _peer() -> None:
    url = db.engine.url
    if url.get_backend_name() == "sqlite":
        command = [beside_the_server("sqlite3"), "-csv", "-readonly", url.database or "", SAME_ROWS]
    else:
        told = " ".join(SAME_ROWS.split())
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        command = [beside_the_server("psql"), plain, "-c", rf"\copy ({told}) TO STDOUT csv"]
    with Path(os.devnull).open("w") as nowhere:
        subprocess.run(command, stdout=nowhere, check=True)


def show_plans(askers: Askers) -> None:
    """Each statement of each page, and how the database goes about it."""
    for path in (*ASKED, FILE):
        for each in planned(lambda path=path: askers.of(path).get(path).data):
            click.echo(f"\n{path}{' (SCANS)' if each.scans else ''}\n{each.statement}\n{each.plan}")


if __name__ == "__main__":
    main()
