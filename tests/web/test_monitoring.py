"""What machines ask."""

import time
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from mailing_app import clock, status
from mailing_app.db import PATIENCE, db, transaction
from mailing_app.models import Dispatcher
from mailing_app.pulse import disk


def test_health_needs_nothing(visitor: FlaskClient) -> None:
    assert visitor.get("/healthz").status_code == 200


def test_ready_while_a_dispatcher_is_alive(visitor: FlaskClient, filled: None) -> None:
    assert visitor.get("/readyz").status_code == 200


@pytest.mark.parametrize("silent_for", [None, timedelta(seconds=16)])
def test_not_ready_without_one(visitor: FlaskClient, silent_for: timedelta | None) -> None:
    if silent_for:
        beat_at = clock.now() - silent_for
        with transaction() as session:
            session.add(Dispatcher(host="", pid=1, process_began="", started_at=beat_at, beat_at=beat_at))
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "no dispatcher is alive\n")


def test_not_ready_without_the_database(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def standing(now: object) -> None:
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(status, "standing", standing)
    answer = visitor.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database does not answer\n")


def test_not_ready_and_in_time_while_the_database_hangs(visitor: FlaskClient) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has nobody who could keep a reader waiting")
    with db.engine.begin() as other:
        other.exec_driver_sql("LOCK TABLE dispatcher IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = visitor.get("/readyz")
        assert (answer.status_code, answer.text) == (503, "the database does not answer\n")
        assert time.monotonic() - began < PATIENCE - 1


def test_not_ready_before_the_migrations_were_run(visitor: FlaskClient, filled: None) -> None:
    head = at_migration("0001")
    try:
        answer = visitor.get("/readyz")
    finally:
        at_migration(head)
    wanted = f"the database is at migration 0001, not at {head}: flask db upgrade\n"
    assert (answer.status_code, answer.text) == (503, wanted)


def test_every_reason_has_a_line(visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "LEAST_FREE", 2**62)  # more than any disk has
    *short, last = visitor.get("/readyz").text.splitlines()
    assert {line.split(":")[0] for line in short} <= {disk.DATA, disk.UPLOADS}
    assert short
    assert last == "no dispatcher is alive"


def at_migration(revision: str) -> str:
    """As if the migrations had been run up to that one; up to which they were."""
    with db.engine.begin() as connection:
        before: str = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    return before


def test_the_figures_for_prometheus(visitor: FlaskClient, filled: None) -> None:
    read = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(visitor.get("/metrics").text)
        for sample in family.samples
    }
    assert read["mailing_messages", "failed"] == 1
    assert read["mailing_messages", "sent"] == 0
    assert read["mailing_mailings", "running"] == 1
    assert read["mailing_dispatchers_alive",] == 1
    assert read["mailing_in_flight",] == 0
    assert read["mailing_gateway_hold", "token_refused"] == 1
    assert read["mailing_gateway_hold", "operator"] == 0
