"""What it takes to import clients: `python -m benchmarks.register [--database sqlite|postgresql] [--rows N]`.

`flask clients import` of a file as a spreadsheet writes it, phones checked and known ones updated, in turns with what
the database's own client takes to bring a clean file of the same rows into a table with the same indexes. Then the same
file through the page's way in, without its brake.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from benchmarks.enrolment import spread
from benchmarks.imports import a_file
from benchmarks.reports import _found
from benchmarks.stage import Stage, stage
from mailing_app import audit, imports
from mailing_app.db import db
from mailing_app.imports import receiving, steps

TIMES = 5
FEW = 2_000

PEER = (
    "DROP TABLE IF EXISTS peer",
    "CREATE TABLE peer (phone VARCHAR(11) UNIQUE CHECK (length(phone) = 11 AND phone LIKE '7%'),"
    " operator_code VARCHAR(3) NOT NULL, tag VARCHAR(100) NOT NULL, timezone VARCHAR(64) NOT NULL,"
    " version INTEGER NOT NULL, created_at VARCHAR(27) NOT NULL, updated_at VARCHAR(27) NOT NULL)",
    "CREATE INDEX peer_code ON peer (operator_code, tag)",
    "CREATE INDEX peer_tag ON peer (tag)",
    "CREATE INDEX peer_audience ON peer (timezone, tag, operator_code)",
)
"""A table as that of the clients, its indexes with it."""


class Taken(NamedTuple):
    """Seconds of the clock and of processor of a process, and the most memory that it had, in MiB."""

    wall: float
    processor: float
    memory: float


@click.command()
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--rows", default=1_000_000, show_default=True)
def main(database: str, rows: int) -> None:
    """Measure, and print a table."""
    click.echo(f"an import of {rows} clients, on {database}")
    with stage(database) as here, audit.acting(audit.SERVICE):
        for what, figure in measured(here, rows):
            click.echo(f"  {what:<44} {figure}")


def measured(here: Stage, rows: int, times: int = TIMES) -> Iterator[tuple[str, str]]:
    """Import and load in turns, then import by the other way in."""
    with tempfile.TemporaryDirectory(prefix="mailing-bench-") as name:
        few, file, clean = (Path(name) / each for each in ("few.csv", "clients.csv", "clean.csv"))
        few.write_bytes(a_file(FEW))
        file.write_bytes(a_file(rows))
        clean.write_text("".join(_clean(rows)))
        idle = min(_imported(here, few).memory for _ in range(2))
        ours, again, peer = [], [], []
        for _ in range(times):
            here.clear()
            peer.append(_loaded(clean))
            ours.append(_imported(here, file))
            again.append(_imported(here, file))
        yield "flask clients import", shown(ours, rows)
        yield "  the same file once more, all of it known", shown(again, rows)
        yield f"the peer, {_PEERS[db.engine.dialect.name]} of a clean file", shown(peer, rows)
        yield "ours to the peer, by the clock", spread([p.wall / o.wall for o, p in zip(ours, peer, strict=True)])
        yield "growth of memory", f"{max(each.memory for each in ours) - idle:.0f} MiB above {idle:.0f} MiB"
        here.clear()
        yield from through_the_page(file, rows)


def through_the_page(file: Path, rows: int) -> Iterator[tuple[str, str]]:
    """Received, checked and stored piece by piece, without the brake that pages beside it want."""
    share, receiving.SHARE = receiving.SHARE, 1000.0
    try:
        brought = None

        def received() -> None:
            nonlocal brought
            brought = imports.receive(file.open("rb"), file.name)

        yield "through the page: received", _step(received, rows)
        assert brought
        yield "  checked", _step(_worked, rows)
        imports.begin(brought.id)
        yield "  stored", _step(_worked, rows)
        yield "  clients", str(imports.get(brought.id).created)
    finally:
        receiving.SHARE = share


def shown(taken: Sequence[Taken], rows: int) -> str:
    """Rows a second by the clock, and the processor time of a row."""
    processor = spread([1e6 * each.processor / rows for each in taken])
    return f"{spread([rows / each.wall for each in taken])} rows/s; {processor} µs of processor a row"


def _step(work: Callable[[], None], rows: int) -> str:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return f"{rows / wall:,.0f} rows/s; {1e6 * processor / rows:.1f} µs of processor a row"


def _worked() -> None:
    while steps.step("benchmark"):
        pass


def _imported(here: Stage, file: Path) -> Taken:
    return _run(lambda: here.start("clients", "import", str(file)))


def _loaded(clean: Path) -> Taken:
    """Bring the clean file into the peer's table."""
    url = db.engine.url
    with db.engine.connect().execution_options(writes=True) as connection, connection.begin():
        for statement in PEER:
            connection.exec_driver_sql(
                statement.replace("%", "%%") if url.get_backend_name() != "sqlite" else statement
            )
    if url.get_backend_name() == "sqlite":
        command = [_found("sqlite3"), url.database or "", ".mode csv", f".import {clean} peer"]
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        command = [_found("psql"), plain, "-c", rf"\copy peer FROM '{clean}' csv"]
    return _run(lambda: subprocess.Popen(command, stdout=subprocess.DEVNULL))


_PEERS = {"sqlite": "sqlite3 .import", "postgresql": r"psql \copy"}


def _run(start: Callable[[], "subprocess.Popen[bytes]"]) -> Taken:
    """Run a process to its end."""
    began = time.perf_counter()
    process = start()
    _, ended, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(ended)
    assert process.returncode == 0, process.args
    return Taken(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _clean(rows: int) -> Iterator[str]:
    return (
        f"7901{n:07},901,тег {n % 20},Asia/Omsk,1,2026-01-01T00:00:00.000000Z,2026-01-01T00:00:00.000000Z\n"
        for n in range(rows)
    )


if __name__ == "__main__":
    main()
