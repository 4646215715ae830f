"""What a measurement needs: a migrated database, processes of the service on it, clients and a mailing."""

import logging
import os
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

from config import ROOT
from mailing_app import clock
from mailing_app.app import create_app
from mailing_app.db import db, insert, transaction
from mailing_app.models import Client, Mailing
from tests.conftest import _postgresql, empty_tables, make_settings
from tests.dispatch.test_storage import figures
from tests.factories import a_mailing

SECRET_KEY = "only for what is measured today"
START_WITHIN = 60.0


class Stage:
    """The application on its database, and the processes started beside it."""

    def __init__(self, app: Flask, database_url: str):
        self.app = app
        self._plain = {"DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY, "FLASK_SKIP_DOTENV": "1"}
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *command: str, module: str = "flask", **settings: Any) -> subprocess.Popen[bytes]:
        """Start `flask …`, or another module that goes by its commands, without its log."""
        given = {name.upper(): str(value) for name, value in settings.items()}
        process = subprocess.Popen(
            [sys.executable, "-m", module, *command],
            cwd=ROOT,
            env=os.environ | self._plain | given,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._running.append(process)
        return process

    @property
    def last(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        return self._running[-1]

    def clear(self) -> None:
        """Kill what runs, and forget everything in the tables."""
        for process in self._running:
            process.kill()
            process.wait()
        self._running.clear()
        db.session.rollback()
        empty_tables()


@contextmanager
def stage(database: str) -> Iterator[Stage]:
    """A stage on SQLite or PostgreSQL, gone when this ends."""
    logging.disable(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="mailing-bench-") as name, _database(database, Path(name)) as url:
        app = create_app(make_settings(url, secret_key=SECRET_KEY))
        with app.app_context():
            upgrade()
            made = Stage(app, url)
            try:
                yield made
            finally:
                made.clear()
                db.session.remove()
                db.engine.dispose()


@contextmanager
def _database(database: str, folder: Path) -> Iterator[str]:
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


def sent(mailing: Mailing) -> int:
    """How many are sent by now, by the database."""
    return figures(mailing).get("sent", 0)


def wait_until(true: Callable[[], Any], seconds: float = START_WITHIN) -> float:
    """Wait until it is so, looking often; the moment, on the monotonic clock."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("it never came to be")
        time.sleep(0.01)
    return time.monotonic()
