"""Every figure that anybody is shown, at every instant of a run in which nothing goes well.

A trigger of the database writes down each state that a mailing's figures take, one for each transaction that moves
them. Whatever a page, the API, a file or a monitor tells must be one of the states between two looks at that list.
"""

import csv
import io
import json
import re
import signal
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count, cycle

import pytest
from flask import Flask

from mailing_app import access, clock, mailings, reports
from mailing_app.db import db, look_again
from mailing_app.models import Mailing, Role, Scope, Status
from mailing_app.practice import PracticeGateway, Weather
from tests.conftest import signed_in
from tests.dispatch.test_storage import figures
from tests.factories import a_crowd, a_mailing
from tests.processes.conftest import Start, eventually, free_port, is_served

Figures = dict[str, int]
States = list[Figures]
Rows = list[dict[str, str]]

COLUMNS = ", ".join(Status)
CLIENTS, ROUNDS = 1500, 10
MISCHIEF_EVERY = 1.2
WEATHERS = (
    Weather("500", share=0.4),
    Weather("reset", share=0.3),
    Weather("hanging", seconds=3, share=0.3),
    Weather("429", seconds=1, share=0.1),
    Weather("code", share=0.2),
    Weather(),
)

ON_SQLITE = f"""
CREATE TRIGGER history AFTER UPDATE ON tally BEGIN
    INSERT INTO tally_history ({COLUMNS}) VALUES ({", ".join(f"new.{status}" for status in Status)});
END
"""
ON_POSTGRESQL = f"""
CREATE FUNCTION write_history() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO tally_history ({COLUMNS}) VALUES ({", ".join(f"NEW.{status}" for status in Status)});
    RETURN NEW;
END $$;
CREATE TRIGGER history AFTER UPDATE ON tally FOR EACH ROW EXECUTE FUNCTION write_history()
"""


@dataclass
class History:
    """The states that the figures of the one mailing took."""

    def write_it(self) -> None:
        """From now on; it begins with nobody enrolled."""
        postgresql = db.engine.dialect.name == "postgresql"
        number = "bigserial PRIMARY KEY" if postgresql else "INTEGER PRIMARY KEY AUTOINCREMENT"
        states = ", ".join(f"{status} integer" for status in Status)
        with db.engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE tally_history (id {number}, {states})")
            connection.exec_driver_sql(
                f"INSERT INTO tally_history ({COLUMNS}) VALUES ({', '.join('0' for _ in Status)})"
            )
            connection.execution_options(no_parameters=True).exec_driver_sql(ON_POSTGRESQL if postgresql else ON_SQLITE)

    def forget_it(self) -> None:
        """Leave the database as the other tests know it."""
        with db.engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("DROP TRIGGER history ON tally")
                connection.exec_driver_sql("DROP FUNCTION write_history()")
            else:
                connection.exec_driver_sql("DROP TRIGGER history")
            connection.exec_driver_sql("DROP TABLE tally_history")

    def last(self) -> int:
        """The number of the present state."""
        with db.engine.connect() as connection:
            return int(connection.exec_driver_sql("SELECT max(id) FROM tally_history").scalar_one())

    def between(self, first: int, last: int) -> States:
        """The states from one number to another, both with it."""
        asked = f"SELECT {COLUMNS} FROM tally_history WHERE id BETWEEN {first} AND {last} ORDER BY id"
        with db.engine.connect() as connection:
            return [dict(zip(map(str, Status), row, strict=True)) for row in connection.exec_driver_sql(asked)]


@pytest.fixture
def history(app: Flask) -> Iterator[History]:
    history = History()
    history.write_it()
    yield history
    db.session.rollback()  # what looks on keeps the table
    history.forget_it()


def test_every_figure_is_of_one_instant_whatever_happens(
    app: Flask, history: History, start: Start, gateway: PracticeGateway
) -> None:
    a_crowd(CLIENTS)
    mailing = a_mailing(ends_at=clock.now() + timedelta(seconds=28))
    port = free_port()
    start("serve", "--no-dispatcher", port=port, secret_key=app.config["SECRET_KEY"])
    eventually(lambda: is_served(port))
    surfaces = everything_that_tells(app, port, mailing.id)
    with mischief(app, start, gateway, mailing):
        for _ in range(ROUNDS):
            for name, told_by in surfaces.items():
                before = history.last()
                told = told_by()
                states = history.between(before, history.last())
                assert told in states, f"{name} tells {told}, which was at no instant: {states}"
            look_again()
            assert reports.check() == []
    gateway.set_weather(Weather())
    start("dispatcher", gateway_concurrency=16)
    eventually(lambda: figures(mailing) and not {"pending", "sending"} & figures(mailing).keys(), seconds=60)
    at_rest = {name: told_by() for name, told_by in surfaces.items()}
    assert at_rest == dict.fromkeys(surfaces, history.between(history.last(), history.last())[0])
    assert sum(at_rest["statistics"].values()) == CLIENTS
    assert at_rest["statistics"]["sent"] == len(gateway.accepted())


@contextmanager
def mischief(app: Flask, start: Start, gateway: PracticeGateway, mailing: Mailing) -> Iterator[None]:
    """Two dispatchers of which one or the other is killed, foul weather, and somebody who pauses and resumes."""
    enough = threading.Event()

    def begin() -> subprocess.Popen[bytes]:
        return start("dispatcher", gateway_concurrency=8, gateway_timeout=2, gateway_connect_timeout=1)

    def do_harm() -> None:
        dispatchers, weathers, pausing = [begin(), begin()], cycle(WEATHERS), cycle([mailings.pause, mailings.resume])
        with app.app_context():
            for number in count(1):
                if enough.wait(MISCHIEF_EVERY):
                    break
                gateway.set_weather(next(weathers))
                next(pausing)(mailing.id)
                if number % 3 == 0:  # some while the mailing is paused
                    dispatchers.pop(0).send_signal(signal.SIGKILL)
                    dispatchers.append(begin())
            mailings.resume(mailing.id)

    villain = threading.Thread(target=do_harm)
    villain.start()
    try:
        yield
    finally:
        enough.set()
        villain.join()


def everything_that_tells(app: Flask, port: int, mailing_id: int) -> dict[str, Callable[[], Figures]]:
    """By name, how each page, answer, file and metric is asked and what it says."""
    cookie = signed_in(app, Role.VIEWER).get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie
    as_operator = {"Cookie": f"{cookie.key}={cookie.value}"}
    as_program = {"Authorization": f"Bearer {access.add_token('reader', Scope.READ)}"}

    def asked(path: str, headers: dict[str, str]) -> str:
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read().decode("utf-8-sig"))

    def page(path: str) -> Callable[[], Figures]:
        return lambda: on_the_page(asked(path, as_operator))

    def api(path: str, *keys: str) -> Callable[[], Figures]:
        return lambda: of_json(asked(f"/api/v1{path}", as_program), keys)

    def lines(
        path: str, headers: dict[str, str], read: Callable[[list[dict[str, str]]], Figures]
    ) -> Callable[[], Figures]:
        return lambda: read(list(csv.DictReader(io.StringIO(asked(path, headers)))))

    return {
        "page of the mailing": page(f"/mailings/{mailing_id}"),
        "its live part": page(f"/mailings/{mailing_id}/live"),
        "page of the reports": page("/reports"),
        "dashboard": page("/"),
        "statistics": api(f"/mailings/{mailing_id}/statistics"),
        "mailing": api(f"/mailings/{mailing_id}", "statistics"),
        "statistics of all": api("/statistics", "messages"),
        "messages as CSV": lines(f"/api/v1/mailings/{mailing_id}/report.csv", as_program, by_line),
        "mailings as CSV": lines("/reports/mailings.csv", as_operator, of_the_only_line),
        "metrics": lambda: of_metrics(asked("/metrics", {})),
    }


def on_the_page(html: str) -> Figures:
    """The first list of seven figures on it."""
    for found in re.findall(r'<dl class="figures">(.*?)</dl>', html, re.DOTALL):
        numbers = [int(re.sub(r"<[^>]*>|\D", "", told)) for told in re.findall(r"<dd>(.*?)</dd>", found, re.DOTALL)]
        if len(numbers) == len(Status):
            return dict(zip(map(str, Status), numbers, strict=True))
    raise AssertionError(f"no figures on the page:\n{html}")


def of_json(body: str, keys: tuple[str, ...]) -> Figures:
    told = json.loads(body)
    for key in keys:
        told = told[key]
    recipients = told.pop("recipients")
    assert recipients == sum(told.values())
    return dict(told)


def by_line(rows: Rows) -> Figures:
    counted = Counter(row["status"] for row in rows)
    return {str(status): counted[status] for status in Status}


def of_the_only_line(rows: Rows) -> Figures:
    [row] = rows
    return {str(status): int(row[status]) for status in Status}


def of_metrics(text: str) -> Figures:
    told = dict(re.findall(r'^mailing_messages\{status="(\w+)"\} ([\d.e+]+)$', text, re.MULTILINE))
    return {str(status): int(float(told[status])) for status in Status}
