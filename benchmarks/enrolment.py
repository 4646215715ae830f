"""What it takes to fix an audience, in turns with a bare INSERT … SELECT of the same rows in as many transactions; then
how long it takes to plan a mailing for all clients, and until its first message is accepted.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, delete, select, text

from benchmarks import cores, history
from benchmarks.gateway import Gateway
from benchmarks.run import DATABASES, Run
from benchmarks.stage import Stage, call_off, stage, wait_until
from benchmarks.table import Goal, Row
from config import ROOT
from mailing_app import clock
from mailing_app.db import db, stored
from mailing_app.dispatch import enrol
from mailing_app.models import Mailing, Message
from tests.factories import a_filter, a_mailing

RECIPIENTS, CLIENTS, LEAST = 200_000, 1_000_000, 2_000
"""Of a mailing whose enrolment is timed, and of the register when one is planned for all."""

RATE = {"sqlite": Goal(300_000, unit="/s"), "postgresql": Goal(60_000, unit="/s")}
LOCK = Goal(100, at_most=True, unit="ms")
PLANNED, FIRST = Goal(200, at_most=True, unit="ms"), Goal(2, at_most=True, unit="s")

BARE = """
    INSERT INTO message (mailing_id, client_id, enrolled_code, enrolled_zone, enrolled_tag, created_at, due_at, status,
        reason, attempts, tries, unknown, epoch)
    SELECT :mailing_id, id, operator_code, timezone, tag, CAST(:now AS {moment}), CAST(:now AS {moment}), 'pending',
        '', 0, 0, FALSE, 0
    FROM client WHERE id > :after AND id <= :upto ORDER BY id
"""


class Taken(NamedTuple):
    """Seconds of the clock and of processor of this process."""

    wall: float
    processor: float


def rows(run: Run) -> Iterator[Row]:
    """Recipients a second in turns with the bare statement, the longest write lock, and a mailing to all of them."""
    recipients, clients = run.of(RECIPIENTS, LEAST), run.of(CLIENTS, LEAST)
    for database in DATABASES:
        with stage(database) as here:
            history.register(recipients)
            enrolled(a_mailing(filter=a_filter(tags=["nobody"])))  # once warm
            yield from fixed(run, database, recipients)
            here.clear()
            history.register(clients)
            yield from sent(run, here, database, clients)


def fixed(run: Run, database: str, recipients: int) -> Iterator[Row]:
    """The audience of a mailing."""
    turns = run.in_turns(lambda: enrolled(a_mailing()), lambda: inserted(_stopped(), recipients))
    own_cost, bare_cost = (
        1e6 * statistics.median(taken.processor for taken in kind) / recipients for kind in zip(*turns, strict=True)
    )
    yield Row(
        f"enrolment of {recipients:,}, {database}", RATE[database], [recipients / own.wall for own, _ in turns], "/s",
        [recipients / bare.wall for _, bare in turns], "a bare `INSERT … SELECT`",
        note=f"{own_cost:.1f} µs of processor a recipient in our process, the bare statement's {bare_cost:.1f}",
    )  # fmt: skip
    if database == "sqlite":
        kept = [1000 * kept_from_writing(lambda: enrolled(a_mailing())) for _ in range(run.rounds)]
        yield Row(
            "the longest write lock of an enrolment, sqlite", LOCK, kept, "ms", worst=True,
            note="by a process that asks for the lock five times a millisecond",
        )  # fmt: skip


def sent(run: Run, here: Stage, database: str, clients: int) -> Iterator[Row]:
    """A mailing to everybody while a dispatcher runs: from the word to the row, and to the first acceptance."""
    tries = [to_all(here) for _ in range(run.rounds)]
    what = f"a mailing for {clients:,}, {database}"
    yield Row(f"{what}: creation", PLANNED, [1000 * planned for planned, _ in tries], "ms")
    yield Row(f"{what}: first message accepted", FIRST, [first for _, first in tries], "s")


def enrolled(mailing: Mailing) -> Taken:
    """Enrol it whole."""
    more = True

    def chunk() -> None:
        nonlocal more
        more = enrol.enrol(clock.now())

    def chunks() -> Iterator[Callable[[], None]]:
        while more:
            yield chunk

    taken = timed(chunks())
    db.session.commit()
    assert db.session.scalar(select(Mailing.enrolled_at).where(Mailing.id == mailing.id))
    return taken


def inserted(mailing: Mailing, clients: int) -> Taken:
    """The same rows, and nothing else."""
    size, moment = enrol.CLIENTS_A_CHUNK, "text" if db.engine.dialect.name == "sqlite" else "timestamptz"
    now, statement = stored(clock.now()), text(BARE.format(moment=moment))

    def chunk(connection: Connection, after: int) -> None:
        with connection.begin():
            connection.execute(statement, {"mailing_id": mailing.id, "now": now, "after": after, "upto": after + size})

    with db.engine.connect().execution_options(writes=True) as connection:
        taken = timed(partial(chunk, connection, after) for after in range(0, clients, size))
        with connection.begin():  # no figure knows of them
            connection.execute(delete(Message).where(Message.mailing_id == mailing.id))
    return taken


def timed(steps: Iterator[Callable[[], None]]) -> Taken:
    """What all steps take."""
    wall, processor = time.perf_counter(), time.process_time()
    for step in steps:
        step()
    return Taken(time.perf_counter() - wall, time.process_time() - processor)


def to_all(here: Stage) -> tuple[float, float]:
    """The seconds until it is planned, and until its first message is accepted."""
    with Gateway() as gateway:
        here.start("dispatcher", gateway_url=gateway.url)
        warm = a_mailing(filter=a_filter(operator_codes=["900"], tags=["vip"]))
        wait_until(lambda: _accepted(warm))
        call_off(warm)
        began = time.perf_counter()
        mailing = a_mailing()
        planned = time.perf_counter() - began
        wait_until(lambda: _accepted(mailing))
        taken = time.perf_counter() - began
        call_off(mailing)
        here.stop()
    return planned, taken


def _accepted(mailing: Mailing) -> bool:
    db.session.commit()
    return bool(db.session.get_one(Mailing, mailing.id, populate_existing=True).tally.sent)


def kept_from_writing(work: Callable[[], object]) -> float:
    """The longest time, in seconds, for which it keeps another process from writing."""
    command = [sys.executable, "-m", "benchmarks.knock", db.engine.url.database or ""]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as knocking:
        cores.give_its_own(knocking.pid)
        assert knocking.stdout
        knocking.stdout.readline()  # it has begun
        work()
        longest, _ = knocking.communicate()
    return float(longest)


def _stopped() -> Mailing:
    """A mailing that nobody enrols."""
    return a_mailing(starts_at=clock.now() + timedelta(hours=1), ends_at=clock.now() + timedelta(hours=2))
