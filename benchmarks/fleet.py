"""What PostgreSQL carries: `python -m benchmarks.fleet [--workers 1 --workers 2 …]`, about eight minutes.

Real workers at a gateway that answers at once (`benchmarks/answered.py`); as many processes that claim and record alone
(`benchmarks/churn.py`), which is what the database has to bear; then what a message has left there.
"""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import psutil
from sqlalchemy import func, select, text

from benchmarks.stage import Stage, stage, wait_until
from mailing_app import clock
from mailing_app.db import db
from mailing_app.dispatch import enrol
from mailing_app.models import Dispatcher, Tally
from tests.factories import a_mailing

SECONDS = 10.0
SEATS = 64
MAILINGS = 8
CLIENTS = 30_000
KEPT = ("message", "attempt")


@click.command()
@click.option("--workers", type=int, multiple=True, default=(1, 2, 4, 8), show_default=True)
def main(workers: Sequence[int]) -> None:
    """Measure, and print a table."""
    with stage("postgresql") as here:
        for what, figure in measured(here, workers):
            click.echo(f"  {what:<60} {figure}")


def measured(here: Stage, workers: Sequence[int]) -> Iterator[tuple[str, str]]:
    """A fleet without work; enrolment and the workers in their numbers; and what is on the disk then."""
    yield from idle(here, max(workers))
    for number in workers:
        here.clear()
        yield f"enrolment of {MAILINGS} x {CLIENTS:,}, one process", f"{audiences():,.0f} recipients/s"
        settle_down()
        yield from carried(here, number)
        yield from left_alone(here, number)
    yield from left_behind()


def idle(here: Stage, number: int) -> Iterator[tuple[str, str]]:
    """So many workers while there is nothing to do."""
    begin(here, number)
    server, ours = busy(postmaster()), busy(psutil.Process())
    time.sleep(SECONDS)
    share = 1000 / SECONDS
    yield (
        f"{number} workers without work: processor time of PostgreSQL",
        f"{(busy(postmaster()) - server) * share:.1f} ms/s",
    )
    yield "  processor time of a worker", f"{(busy(psutil.Process()) - ours) * share / number:.1f} ms/s"
    yield "  connections to the database, a worker", f"{connections() / number:.1f}"


def audiences() -> float:
    """Eight mailings to everyone, enrolled; how many a second."""
    now = clock.now()
    with db.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO client (phone, operator_code, tag, timezone, version, created_at, updated_at) SELECT"
                " '7900' || lpad(n::text, 7, '0'), '900', '', 'Europe/Moscow', 1, :now, :now"
                " FROM generate_series(1, :number) AS n"
            ),
            {"number": CLIENTS, "now": now},
        )
    for _ in range(MAILINGS):
        a_mailing()
    began = time.monotonic()
    while enrol.enrol(clock.now()):
        pass
    return MAILINGS * CLIENTS / (time.monotonic() - began)


def settle_down() -> None:
    """What autovacuum would do before long, and no checkpoint in the middle of what is measured."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
        connection.exec_driver_sql("CHECKPOINT")


def carried(here: Stage, number: int) -> Iterator[tuple[str, str]]:
    """So many workers for some seconds, from when all of them have all of their seats."""
    begin(here, number)
    wait_until(lambda: dispatchers(Dispatcher.allowed == SEATS) == number)
    yield from borne(f"{number} workers")
    yield "  connections to the database, a worker", f"{connections() / number:.1f}"


def left_alone(here: Stage, number: int) -> Iterator[tuple[str, str]]:
    """As many that claim and record alone, on the same messages' like."""
    here.clear()
    audiences()
    settle_down()
    for _ in range(number):
        here.start(module="benchmarks.churn")
    wait_until(lambda: dispatchers() == number)
    yield from borne(f"{number} that claim and record alone")


def borne(who: str) -> Iterator[tuple[str, str]]:
    """What goes through the database in some seconds, and what it costs."""
    before, began = position(), time.monotonic()
    done, server, ours = recorded(), busy(postmaster()), busy(psutil.Process())
    time.sleep(SECONDS)
    taken, done = time.monotonic() - began, recorded() - done
    per_message = 1000 / max(done, 1)
    yield f"{who}: messages", f"{done / taken:,.0f}/s"
    yield "  processor time of PostgreSQL a message", f"{(busy(postmaster()) - server) * per_message:.2f} ms"
    yield "  processor time of the processes a message", f"{(busy(psutil.Process()) - ours) * per_message:.2f} ms"
    yield "  write-ahead log a message", f"{(position() - before) / max(done, 1):,.0f} bytes"


def begin(here: Stage, number: int) -> None:
    """Start so many workers, and wait until they are there."""
    for _ in range(number):
        here.start("worker", module="benchmarks.answered", gateway_url="http://127.0.0.1:9", gateway_concurrency=SEATS)
    wait_until(lambda: dispatchers() == number)


def left_behind() -> Iterator[tuple[str, str]]:
    """Bytes of tables and indexes for each row, after a VACUUM FULL and as the run has left them."""
    for way in ("as the run left it", "packed"):
        for table in KEPT:
            rows = counted(f"SELECT count(*) FROM {table}")
            for name, size in sizes(table):
                yield f"{name}, a row of {table}, {way}", f"{size / max(rows, 1):.0f} bytes"
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(f"VACUUM FULL {', '.join(KEPT)}")


def sizes(table: str) -> Iterator[tuple[str, int]]:
    """The bytes of a table and of each of its indexes."""
    yield table, counted(f"SELECT pg_table_size('{table}')")
    indexes = f"SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = '{table}'::regclass ORDER BY 1"
    with db.engine.connect() as connection:
        names = connection.execute(text(indexes)).scalars().all()
    for name in names:
        yield name, counted(f"SELECT pg_relation_size('{name}')")


def dispatchers(*which: Any) -> int:
    """How many of them are there."""
    db.session.commit()
    return db.session.scalar(select(func.count(Dispatcher.id)).where(Dispatcher.left_at.is_(None), *which)) or 0


def recorded() -> int:
    """How many messages are sent."""
    db.session.commit()
    return int(db.session.scalar(select(func.sum(Tally.sent))) or 0)


def connections() -> int:
    """How many sessions the workers have: all but ours."""
    return counted("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") - 1


def position() -> int:
    """How many bytes were ever written to the write-ahead log."""
    return counted("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")


def counted(statement: str) -> int:
    """The one number that a statement tells."""
    with db.engine.connect() as connection:
        return int(connection.execute(text(statement)).scalar_one())


def postmaster() -> psutil.Process:
    """The server's first process, of which all others are children."""
    folder = Path(db.session.scalar(text("SHOW data_directory")) or "")
    return psutil.Process(int((folder / "postmaster.pid").read_text().split()[0]))


def busy(parent: psutil.Process) -> float:
    """Seconds of processor time of the children of a process, those that have ended included."""
    gone = parent.cpu_times()
    living = [child.cpu_times() for child in parent.children()]
    return gone.children_user + gone.children_system + sum(each.user + each.system for each in living)


if __name__ == "__main__":
    main()
