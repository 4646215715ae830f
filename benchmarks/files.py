"""The file of all messages, every guard on, beside what the database's own client takes for the same rows."""

import http.client
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select

from benchmarks import history
from benchmarks.processes import memory
from benchmarks.reports import ASKED, FILE, Askers, fetched, serve, timed
from benchmarks.run import DATABASES, Run
from benchmarks.stage import Stage, beside_the_server, check, stage
from benchmarks.table import Goal, Row
from mailing_app.db import db
from mailing_app.models import Message, Role, Scope
from tests.conftest import signed_in, with_token

MESSAGES, LEAST = 1_000_000, 10_000
RATIO = {"sqlite": Goal(0.3), "postgresql": Goal(0.6)}
FIRST_LINE, GROWTH = Goal(300, at_most=True, unit="ms"), Goal(50, at_most=True, unit="MiB")
PEERS = {"sqlite": "`sqlite3 -csv`", "postgresql": r"`psql \copy`"}

SAME_ROWS = """
    SELECT m.mailing_id, g.name, g.starts_at, m.id, m.client_id,
        coalesce(m.phone, (SELECT phone FROM client c WHERE c.id = m.client_id)), m.status, m.reason, m.attempts,
        m.created_at, m.due_at, m.sent_at, m.enrolled_code, m.enrolled_tag, m.enrolled_zone
    FROM message m JOIN mailing g ON g.id = m.mailing_id ORDER BY m.mailing_id, m.client_id
"""
"""What the peers write: the same columns in the same order, without any guard and without another shape of moments."""


class File(NamedTuple):
    """What a file took: rows a second, and milliseconds until the first line below its titles."""

    rate: float
    first: float


def rows(run: Run) -> Iterator[Row]:
    """Rows a second in turns with the peer, the first line, and what the server keeps of it."""
    for database in DATABASES:
        with stage(database) as here:
            history.fill(run.of(MESSAGES, LEAST))
            check()
            yield from measured(run, here, database)


def measured(run: Run, here: Stage, database: str) -> Iterator[Row]:
    """The rows of one database."""
    askers = Askers(signed_in(here.app, Role.OPERATOR), with_token(here.app, Scope.READ))
    number = db.session.scalar(select(func.count(Message.id))) or 0
    db.session.commit()
    port, headers = serve(here), askers.headers
    for path in ASKED:  # the first of each compiles its templates
        fetched(http.client.HTTPConnection("127.0.0.1", port), path, headers)
    before = memory(here.last.pid, "VmRSS")
    turns = run.in_turns(lambda: _file(port, headers, number), lambda: number / timed(_peer))
    what = f"CSV of {number:,} messages"
    yield Row(
        f"{what}, {database}", RATIO[database], [own.rate for own, _ in turns], "rows/s",
        [peer for _, peer in turns], PEERS[database],
    )  # fmt: skip
    yield Row(f"{what}, its first line, {database}", FIRST_LINE, [own.first for own, _ in turns], "ms", worst=True)
    grown = memory(here.last.pid) - before
    yield Row(f"{what}, growth of the server, {database}", GROWTH, [grown], "MiB", note=f"from {before:.0f} MiB")


def _file(port: int, headers: dict[str, str], number: int) -> File:
    """Read it whole."""
    began, ends, first = time.perf_counter(), 0, 0.0
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    line.request("GET", FILE, headers=headers)
    answer = line.getresponse()
    while piece := answer.read1(2**18):
        ends += piece.count(b"\n")
        first = first or (time.perf_counter() - began if ends > 1 else 0.0)
    assert ends == number + 1, ends
    line.close()
    return File(number / (time.perf_counter() - began), 1000 * first)


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
