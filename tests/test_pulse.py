"""What a process measures of itself, and the row by which others know that it lives."""

import threading
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from mailing_app import clock, pulse
from mailing_app.db import db, look_again, transaction
from mailing_app.models import Process, ProcessKind
from mailing_app.pulse.instruments import REGISTRY


def rows() -> list[Process]:
    look_again()
    return list(db.session.scalars(select(Process).execution_options(populate_existing=True).order_by(Process.id)))


def requests(**labels: str) -> float:
    """How many requests of that kind this process has counted."""
    return REGISTRY.get_sample_value("mailing_http_requests_total", labels) or 0


def lag(job: str) -> float | None:
    """By how many seconds the job is late."""
    return REGISTRY.get_sample_value("mailing_scheduler_lag_seconds", {"job": job})


def test_a_process_lays_one_row_and_renews_it(app: Flask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        mine = pulse.Pulse(app, ProcessKind.WEB)
        mine.beat()
        traveller.shift(5)
        mine.beat()
        [row] = rows()
        assert (row.kind, row.host, row.beat_at - row.started_at) == ("web", pulse.here(), timedelta(seconds=5))
        assert pulse.is_alive(row, clock.now())


def test_a_process_that_stands_still_falls_silent_and_one_that_leaves_is_not_listed(app: Flask) -> None:
    mine, other = pulse.Pulse(app, ProcessKind.WEB), pulse.Pulse(app, ProcessKind.DISPATCHER)
    with time_machine.travel(clock.now(), tick=False) as traveller:
        mine.beat()
        other.beat()
        other.leave()
        traveller.shift(16)
        [row] = pulse.listed()
        assert (row.kind, pulse.is_alive(row, clock.now())) == ("web", False)
        mine.beat()
        assert pulse.is_alive(rows()[0], clock.now())


def test_a_row_that_others_removed_is_laid_anew(app: Flask) -> None:
    mine = pulse.Pulse(app, ProcessKind.WEB)
    mine.beat()
    with transaction() as session:
        session.execute(delete(Process))
    mine.beat()
    assert len(rows()) == 1


def test_a_process_that_begins_removes_those_that_are_long_gone(app: Flask) -> None:
    with time_machine.travel(clock.now(), tick=False) as traveller:
        pulse.Pulse(app, ProcessKind.WEB).beat()
        traveller.shift(3601)
        assert pulse.listed() == []
        pulse.Pulse(app, ProcessKind.BOTH).beat()
        assert [row.kind for row in rows()] == ["both"]


def test_the_figures_of_processes_come_back_with_the_process_that_each_is_of(app: Flask, visitor: FlaskClient) -> None:
    visitor.get("/healthz")
    for _ in range(2):
        pulse.Pulse(app, ProcessKind.WEB).beat()
    told = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for metric in pulse.families(pulse.listed())
        for sample in metric.samples
    }
    for metric in REGISTRY.collect():
        for sample in metric.samples if metric.name.startswith("mailing_http") else ():
            for process in ("1", "2"):
                labels = tuple(sorted((sample.labels | {"process": process}).items()))
                assert told[sample.name, labels] == pytest.approx(sample.value, abs=1e-6)


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/clients/7", {"route": "/clients/<id:client_id>", "method": "GET", "status": "302"}),
        ("GET", "/clients/8", {"route": "/clients/<id:client_id>", "method": "GET", "status": "302"}),
        ("HEAD", "/healthz", {"route": "/healthz", "method": "HEAD", "status": "200"}),
        ("GET", "/api/v1/status", {"route": "/api/v1/status", "method": "GET", "status": "401"}),
        ("GET", "/no/such/page", {"route": "none", "method": "GET", "status": "404"}),
        ("BREW", "/healthz", {"route": "none", "method": "other", "status": "405"}),
    ],
)
def test_a_request_is_counted_by_the_rule_of_its_address(
    visitor: FlaskClient, method: str, path: str, labels: dict[str, str]
) -> None:
    before = requests(**labels)
    visitor.open(path, method=method)
    assert requests(**labels) == before + 1


def test_a_job_is_late_from_the_moment_at_which_it_should_have_run_again(app: Flask) -> None:
    now = 100.0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "monotonic", lambda: now)
        job = pulse.noting("test", lambda: None, 1.0)
        now = 101.0
        assert lag("test") == 0
        now = 104.5
        assert lag("test") == 3.5
        job()
        assert lag("test") == 0


def test_a_process_beats_and_says_goodbye_by_itself(app: Flask) -> None:
    mine = pulse.Pulse(app, ProcessKind.WEB)
    mine.start()
    waited = threading.Event()
    while not rows():
        waited.wait(0.05)
    mine.stop()
    assert [row.left_at is None for row in rows()] == [False]
