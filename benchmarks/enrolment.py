"""What it takes to fix an audience: `python -m benchmarks.enrolment [--database sqlite|postgresql] [--clients N]`.

In turns with a bare INSERT … SELECT of the same rows in as many transactions; then how long it takes to plan a mailing
for all clients, and until its first message is at the gateway.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import NamedTuple

import click
from sqlalchemy import Connection, delete, func, select, text

from benchmarks import history
from benchmarks.stage import Stage, stage, wait_until
from mailing_app import clock, mailings
from mailing_app.db import db, stored
from mailing_app.dispatch import enrol
from mailing_app.models import Client, Mailing, Message
from tests.factories import a_filter, a_mailing
from tests.processes.conftest import free_port

TIMES = 5

BARE = """
    INSERT INTO message (mailing_id, client_id, enrolled_code, enrolled_zone, enrolled_tag, created_at, due_at, status,
        reason, attempts, tries, unknown, epoch)
    SELECT :mailing_id, id, operator_code, timezone, tag, CAST(:now AS {moment}), CAST(:now AS {moment}), 'pending',
        '', 0, 0, FALSE, 0
    FROM client WHERE id > :after AND id <= :upto ORDER BY id
"""


class Taken(NamedTuple):
    """Seconds of the clock and of processor of this process, and the longest transaction."""

    wall: float
    processor: float
    longest: float


@click.command()
@click.option("--database", type=click.Choice(["sqlite", "postgresql"]), default="sqlite", show_default=True)
@click.option("--clients", default=1_000_000, show_default=True)
def main(database: str, clients: int) -> None:
    """Measure, and print a table."""
    click.echo(f"the audience of a mailing to {clients} clients, on {database}")
    with stage(database) as here:
        for what, figure in measured(here, clients):
            click.echo(f"  {what:<44} {figure}")


def measured(here: Stage, clients: int, times: int = TIMES) -> Iterator[tuple[str, str]]:
    """Enrol and insert in turns, then send."""
    history.register(clients)
    _look_over()
    enrolled(a_mailing(filter=a_filter(tags=["nobody"])))  # once warm
    ours, bare = [], []
    for _ in range(times):
        ours.append(enrolled(a_mailing()))
        bare.append(inserted(_stopped(), clients))
    yield "enrolment", shown(ours, clients)
    yield "a bare INSERT … SELECT of the same rows", shown(bare, clients)
    yield "ours to the bare one, by the clock", spread([b.wall / o.wall for o, b in zip(ours, bare, strict=True)])
    if db.engine.dialect.name == "sqlite":  # elsewhere it is the server's, and not seen from here
        yield "  by processor time", spread([b.processor / o.processor for o, b in zip(ours, bare, strict=True)])
    planned, first = zip(*(sent_to_all(here, clients) for _ in range(times)), strict=True)
    yield "a mailing to all is planned within, ms", spread([1000 * seconds for seconds in planned])
    yield "  its first message is accepted within, s", spread(first)


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
    """What all steps take, and the longest of them."""
    wall, processor, longest = time.perf_counter(), time.process_time(), 0.0
    for step in steps:
        began = time.perf_counter()
        step()
        longest = max(longest, time.perf_counter() - began)
    return Taken(time.perf_counter() - wall, time.process_time() - processor, longest)


def sent_to_all(here: Stage, clients: int) -> tuple[float, float]:
    """Plan a mailing to all clients while a dispatcher runs; the seconds that takes, and until the first acceptance."""
    here.clear()
    history.register(clients)
    _look_over()
    port = free_port()
    here.start("practice-gateway", "--port", str(port))
    here.start("dispatcher", gateway_url=f"http://127.0.0.1:{port}")
    warm = a_mailing(filter=a_filter(operator_codes=["900"], tags=["vip"]))
    wait_until(lambda: _accepted(warm))
    mailings.cancel(warm.id)
    began = time.perf_counter()
    mailing = a_mailing()
    planned = time.perf_counter() - began
    wait_until(lambda: _accepted(mailing))
    return planned, time.perf_counter() - began


def shown(taken: Sequence[Taken], rows: int) -> str:
    """Rows a second, and the longest transaction of all."""
    rates = spread([rows / each.wall for each in taken])
    processor = statistics.median(1e6 * each.processor / rows for each in taken)
    longest = 1000 * max(each.longest for each in taken)
    return f"{rates} rows/s; {processor:.1f} µs of processor a row; the longest transaction {longest:.0f} ms"


def spread(figures: Sequence[float]) -> str:
    """The median, with the least and the greatest."""
    shape = ",.2f" if max(figures) < 100 else ",.0f"
    return f"{statistics.median(figures):{shape}} ({min(figures):{shape}} to {max(figures):{shape}})"


def _accepted(mailing: Mailing) -> bool:
    db.session.commit()
    return bool(db.session.get_one(Mailing, mailing.id, populate_existing=True).tally.sent)


def _stopped() -> Mailing:
    """A mailing that nobody enrols."""
    return a_mailing(starts_at=clock.now() + timedelta(hours=1), ends_at=clock.now() + timedelta(hours=2))


def _look_over() -> None:
    """Let the database know how its rows lie."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE" if connection.dialect.name == "sqlite" else "VACUUM ANALYZE")
    assert db.session.scalar(select(func.count(Client.id)))
    db.session.commit()


if __name__ == "__main__":
    main()
