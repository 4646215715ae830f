"""What machines ask."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from mailing_app import clock, status
from mailing_app.db import transaction
from mailing_app.models import Dispatcher


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
