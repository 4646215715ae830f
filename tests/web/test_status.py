"""The page on which an operator sees how the service is."""

import re
import tomllib
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from config import ROOT
from mailing_app import clock
from mailing_app.db import transaction
from mailing_app.models import Dispatcher, MailState, Process, ProcessKind, ReportMail
from mailing_app.pulse import disk
from mailing_app.version import VERSION


def told(browser: FlaskClient) -> str:
    """The page's words without its tags, in one line."""
    return " ".join(re.sub(r"<[^>]*>", " ", browser.get("/status").text).split())


def test_nothing_runs_yet(viewer: FlaskClient) -> None:
    page = told(viewer)
    assert "None has shown up." in page
    assert "Scheduled work no process does it" in page
    assert "Daily reports by e-mail" not in page
    assert "the latest" in page


def test_every_process_and_which_of_them_is_silent(viewer: FlaskClient) -> None:
    now = clock.now()
    named = {"host": "web-1/1/x", "started_at": now}
    with transaction() as session:
        for pid, kind, silent in ((7, ProcessKind.DISPATCHER, 0), (8, ProcessKind.WEB, 16)):
            beat_at = now - timedelta(seconds=silent)
            session.add(Process(pid=pid, kind=kind, beat_at=beat_at, figures=lateness(pid), **named))
        session.add(Dispatcher(pid=7, process_began="", beat_at=now, in_flight=3, **named))
        session.add(ReportMail(due_at=now, state=MailState.FAILED, try_at=now))
    page = told(viewer)
    assert "web-1 · 7 alive Sending" in page
    assert "web-1 · 8 silent: it hangs or was killed Pages and API" in page
    assert "A process has fallen silent" in page
    assert "Scheduled work late by 7 seconds" in page  # what a silent one said last is no news
    assert "0 sent, 0 waiting, 1 failed" in page
    assert "A daily report could not be sent by e-mail." in page


def test_a_disk_that_is_nearly_full(viewer: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "A disk is nearly full." not in told(viewer)
    monkeypatch.setattr(disk, "LEAST_FREE", 2**62)
    assert "A disk is nearly full." in told(viewer)


def test_the_version_is_that_of_the_project() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def lateness(seconds: float) -> list[object]:
    """Figures of a process whose plan is late by so many seconds."""
    return [["mailing_scheduler_lag_seconds", "gauge", "", [["", ""]], [[{"job": "plan"}, [seconds]]]]]
