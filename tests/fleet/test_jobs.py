"""The queue itself, on a real server, with scripted work: what takes long, what is asked for, what is left."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask

from mailing_app.db import db, libpq
from mailing_app.dispatch.outage import Outage
from mailing_app.fleet.jobs import Jobs
from mailing_app.fleet.queue import SCHEMA, NotLaid, opened
from mailing_app.fleet.shift import Shift
from mailing_app.fleet.work import Needs
from tests.processes.conftest import eventually

pytestmark = pytest.mark.server

LONG = {"advance", "take_in", "keep_house"}


class Scripted:
    """Counts what it is asked to do. Sending lasts while anything is due, which it always is; what is in LONG lasts
    until it is let go."""

    def __init__(self) -> None:
        self.done = Counter[str]()
        self.let_go = threading.Event()

    def plan(self, _rest: Callable[[float], Any]) -> Needs:
        self.done["plan"] += 1
        return Needs(hands=3, advance=True, send=True)

    def send(self, rest: Callable[[float], Any]) -> None:
        self.done["send"] += 1
        while not rest(0.05):
            pass

    def __getattr__(self, name: str) -> Callable[..., int]:
        def step(_rest: Callable[[float], Any]) -> int:
            self.done[name] += 1
            if name in LONG:
                self.let_go.wait(30)
            return 0

        return step


@pytest.fixture
def url(app: Flask) -> str:
    address: str = app.config["SETTINGS"].database_url
    return address


@pytest.fixture
def rows(url: str) -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """Run a statement on the queue's tables, which are empty at first."""
    address, manners = libpq(url, SCHEMA)
    with psycopg.connect(address, autocommit=True, **manners) as connection:

        def rows(statement: str) -> list[tuple[Any, ...]]:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

        rows("DELETE FROM procrastinate_periodic_defers")
        rows("DELETE FROM procrastinate_jobs")
        yield rows


@pytest.fixture
def work(url: str) -> Iterator[Scripted]:
    """Work in a shift that runs until the test ends."""
    work = Scripted()
    shift = Shift(url, work, Outage())  # type: ignore[arg-type]
    thread = threading.Thread(target=shift.run)
    thread.start()
    yield work
    work.let_go.set()
    shift.end()
    thread.join(10)
    assert not thread.is_alive()


def test_what_takes_long_holds_up_nothing_urgent(rows: Callable[..., Any], work: Scripted) -> None:
    eventually(lambda: work.done["advance"] + work.done["take_in"])
    before = work.done["plan"]
    eventually(lambda: work.done["plan"] > before + 2)
    assert work.done["send"] == 1  # one pump a process
    assert work.done["advance"] + work.done["take_in"] == 1
    assert work.done["inquire"]


def test_a_job_for_each_hand_waits_and_no_more(rows: Callable[..., Any], work: Scripted) -> None:
    eventually(lambda: work.done["plan"] > 3)
    found = rows("SELECT queueing_lock FROM procrastinate_jobs WHERE task_name = 'send' AND status = 'todo'")
    assert {place for (place,) in found} <= {"send 0", "send 1", "send 2"}
    assert len(found) >= 2
    assert rows("SELECT count(*) FROM procrastinate_jobs WHERE status NOT IN ('todo', 'doing')") == [(0,)]
    assert rows("SELECT count(*) FROM procrastinate_jobs")[0][0] < 15


def test_the_jobs_of_the_dead_are_dropped(rows: Callable[..., Any], url: str) -> None:
    rows(
        "WITH gone AS (INSERT INTO procrastinate_workers (last_heartbeat)"
        " VALUES (now() - interval '1 minute') RETURNING id)"
        " INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id)"
        " SELECT 'send', 'send', 'doing', id FROM gone"
    )

    async def drop() -> None:
        async with opened(url) as queue:
            Jobs(queue, Scripted(), threading.Event().wait)  # type: ignore[arg-type]
            await queue.tasks["drop the stalled"]()

    asyncio.run(drop())
    assert rows("SELECT count(*) FROM procrastinate_jobs") == [(0,)]
    assert rows("SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat < now() - interval '30 s'") == [(0,)]


def test_a_database_without_the_queue_is_named(rows: Callable[..., Any], url: str) -> None:
    async def look() -> None:
        async with opened(url):
            pass

    with db.engine.begin() as connection:
        connection.exec_driver_sql("ALTER SCHEMA procrastinate RENAME TO elsewhere")
    try:
        with pytest.raises(NotLaid, match="flask db upgrade"):
            asyncio.run(look())
    finally:
        with db.engine.begin() as connection:
            connection.exec_driver_sql("ALTER SCHEMA elsewhere RENAME TO procrastinate")


def test_a_shift_that_is_over_before_it_begins_ends(url: str) -> None:
    shift = Shift(url, Scripted(), Outage())  # type: ignore[arg-type]
    shift.end()
    thread = threading.Thread(target=shift.run)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()
