"""Archiving with real processes that are killed on the way: nothing is lost, and whoever comes next ends it."""

import csv
import gzip
import io
import subprocess
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from mailing_app import clock, reports
from mailing_app.db import db, look_again, transaction
from mailing_app.dispatch import enrol, settle
from mailing_app.housekeeping import path_of
from mailing_app.models import Mailing, Message
from tests.factories import a_crowd, a_mailing
from tests.processes.conftest import Start

NUMBER = 6_000


@pytest.fixture
def mailing(app: Flask) -> Mailing:
    """One that settled long ago."""
    a_crowd(NUMBER)
    mailing = a_mailing(ends_at=clock.now() - timedelta(seconds=1))
    while enrol.enrol(clock.now()) | settle.settle(clock.now()):
        pass
    with transaction() as session:
        session.get_one(Mailing, mailing.id, populate_existing=True).settled_at = clock.now() - timedelta(days=100)
    return mailing


def left() -> int:
    look_again()
    return db.session.scalar(select(func.count()).select_from(Message)) or 0


def kill_when(process: subprocess.Popen[bytes], so: Callable[[], Any]) -> None:
    """As soon as it is so: half a second later it would be over."""
    deadline = time.monotonic() + 60
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.kill()
    process.wait()


def test_whoever_is_killed_at_archiving_loses_nothing(start: Start, mailing: Mailing, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    settings = {"archive_days": 90, "archive_folder": folder}

    kill_when(start("housekeeping", **settings), lambda: list(folder.glob("*.part")))
    assert left() == NUMBER or path_of(folder, mailing.id).exists()
    kill_when(start("housekeeping", **settings), lambda: left() < NUMBER)
    assert 0 < left() < NUMBER
    assert start("housekeeping", **settings).wait(60) == 0
    assert left() == 0
    with gzip.open(path_of(folder, mailing.id)) as packed:
        rows = list(csv.DictReader(io.StringIO(packed.read().decode("utf-8-sig"))))
    assert len({row["client_id"] for row in rows}) == len(rows) == NUMBER
    assert reports.check() == []
