"""What it takes to import clients.

`flask clients import` of a file as a spreadsheet writes it, phones checked and known ones updated, in turns with what
the database's own client takes to bring a clean file of the same rows into a table with the same indexes. Then the same
file through the page's way in, without its brake.
"""

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.imports import a_file
from benchmarks.processes import together
from benchmarks.run import DATABASES, Run
from benchmarks.stage import Stage, beside_the_server, stage
from benchmarks.table import Goal, Row
from mailing_app import audit, imports
from mailing_app.db import db
from mailing_app.imports import receiving, steps

ROWS, FEW = 1_000_000, 2_000
LOOK_EVERY = 0.02
"""Seconds."""

RATE = Goal(40_000, unit="/s")
GROWTH = Goal(100, at_most=True, unit="MiB")

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
    """Seconds of the clock, and of a process with those that it started: seconds of processor, and the most MiB of
    memory that they had.
    """

    wall: float
    processor: float
    memory: float


def rows(run: Run) -> Iterator[Row]:
    """Clients a second in turns with the peer, all of them new; the growth of memory; and the way of the pages."""
    number = run.of(ROWS, FEW)
    for database in DATABASES:
        with stage(database) as here, audit.acting(audit.SERVICE), tempfile.TemporaryDirectory() as name:
            few, file, clean = (Path(name) / each for each in ("few.csv", "clients.csv", "clean.csv"))
            few.write_bytes(a_file(FEW))
            file.write_bytes(a_file(number))
            clean.write_text("".join(_clean(number)))
            yield from imported(run, here, database, number, (few, file, clean))
            here.clear()
            yield through_the_page(database, file, number)


def imported(run: Run, here: Stage, database: str, number: int, files: tuple[Path, Path, Path]) -> Iterator[Row]:
    """`flask clients import`."""
    few, file, clean = files
    idle = min(_imported(here, few).memory for _ in range(2))

    def anew() -> Taken:
        here.clear()
        return _imported(here, file)

    turns = run.in_turns(anew, lambda: _loaded(clean))
    cost = 1e6 * statistics.median(own.processor for own, _ in turns) / number
    yield Row(
        f"import of clients, {database}", RATE, [number / own.wall for own, _ in turns], "/s",
        [number / peer.wall for _, peer in turns], f"{_PEERS[database]} of a clean file",
        note=f"{cost:.1f} µs of processor a row in our processes, their start included",
    )  # fmt: skip
    yield Row(
        f"growth of memory over an import, {database}",
        GROWTH,
        [own.memory - idle for own, _ in turns],
        "MiB",
        worst=True,
    )


def through_the_page(database: str, file: Path, number: int) -> Row:
    """Received, checked and stored piece by piece, without the brake that pages beside it want."""
    share, receiving.SHARE = receiving.SHARE, 1000.0
    try:
        began, used = time.perf_counter(), time.process_time()
        brought = imports.receive(file.open("rb"), file.name)
        _worked()
        imports.begin(brought.id)
        _worked()
        taken, cost = time.perf_counter() - began, 1e6 * (time.process_time() - used) / number
        note = f"received, checked and stored; {cost:.1f} µs of processor a row; once"
        return Row(f"import of clients through the page, {database}", RATE, [number / taken], "/s", note=note)
    finally:
        receiving.SHARE = share


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
        command = [beside_the_server("sqlite3"), url.database or "", ".mode csv", f".import {clean} peer"]
    else:
        plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
        command = [beside_the_server("psql"), plain, "-c", rf"\copy peer FROM '{clean}' csv"]
    return _run(lambda: subprocess.Popen(command, stdout=subprocess.DEVNULL))


_PEERS = {"sqlite": "sqlite3 .import", "postgresql": r"psql \copy"}


def _run(start: Callable[[], "subprocess.Popen[bytes]"]) -> Taken:
    """Run a process to its end. What the system then tells of its memory is not its own: it begins with that of the
    process which started it (getrusage(2), ru_maxrss), so its own is looked at on the way.
    """
    began, highest = time.perf_counter(), 0.0
    process = start()
    while not (told := os.wait4(process.pid, os.WNOHANG))[0]:
        highest = max(highest, together(process.pid))
        time.sleep(LOOK_EVERY)
    _, ended, used = told
    process.returncode = os.waitstatus_to_exitcode(ended)
    assert process.returncode == 0, process.args
    return Taken(time.perf_counter() - began, used.ru_utime + used.ru_stime, highest)


def _clean(rows: int) -> Iterator[str]:
    return (
        f"7901{n:07},901,тег {n % 20},Asia/Omsk,1,2026-01-01T00:00:00.000000Z,2026-01-01T00:00:00.000000Z\n"
        for n in range(rows)
    )
