"""Messages through the API."""

import csv
import io
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from mailing_app import clients, clock
from mailing_app.db import transaction
from mailing_app.models import Attempt, Client, Mailing, Message, Status
from tests.factories import a_client, a_mailing

KEYS = [
    "id", "mailing_id", "client_id", "phone", "text", "status", "reason", "attempts", "created_at", "due_at", "sent_at",
]  # fmt: skip


def a_message(mailing: Mailing, client: Client, **given: object) -> Message:
    """A message of the mailing to the client, its tally left alone."""
    now = clock.now()
    with transaction() as session:
        message = Message(mailing_id=mailing.id, client_id=client.id, created_at=now, due_at=now, **given)
        session.add(message)
    return message


@pytest.fixture
def mailing() -> Mailing:
    return a_mailing()


@pytest.fixture
def sent(api: FlaskClient, mailing: Mailing) -> Message:
    """A message that went out on the second attempt."""
    message = a_message(mailing, a_client(), status=Status.SENT, attempts=2, sent_at=clock.now(), phone="79990000000")
    with transaction() as session:
        began = clock.now() - timedelta(seconds=9)
        session.add(Attempt(message_id=message.id, epoch=1, started_at=began, outcome="busy", http_status=503))
        session.add(Attempt(message_id=message.id, epoch=4, started_at=clock.now(), outcome="accepted", code=0))
    return message


def test_a_message_alone_tells_its_attempts(api: FlaskClient, sent: Message) -> None:
    shown = api.get(f"/api/v1/messages/{sent.id}").json
    assert list(shown) == [*KEYS, "history", "gateway_asked_at", "gateway_word"]
    assert (shown["phone"], shown["text"], shown["status"]) == ("79990000000", "Hello!", "sent")
    assert [(one["number"], one["outcome"], one["http_status"], one["code"]) for one in shown["history"]] == [
        (1, "busy", 503, None),
        (2, "accepted", None, 0),
    ]
    assert list(shown["history"][0]) == [
        "number", "started_at", "ended_at", "outcome", "http_status", "code", "error",
    ]  # fmt: skip


def test_messages_come_in_pages_and_by_status(api: FlaskClient, mailing: Mailing, sent: Message) -> None:
    waiting = [a_message(mailing, a_client()).id for _ in range(2)]
    address = f"/api/v1/mailings/{mailing.id}/messages"
    first = api.get(address, query_string={"limit": 2}).json
    assert list(first["items"][0]) == KEYS
    second = api.get(address, query_string={"limit": 2, "after": first["next"]}).json
    assert [one["id"] for page in (first, second) for one in page["items"]] == [sent.id, *waiting]
    assert [one["id"] for one in api.get(f"{address}?status=pending").json["items"]] == waiting
    assert set(api.get(f"{address}?status=lost&colour=red").json["errors"]) == {"colour", "status"}


def test_an_erased_clients_phone_is_not_shown(api: FlaskClient, sent: Message) -> None:
    clients.erase(sent.client_id)
    assert api.get(f"/api/v1/messages/{sent.id}").json["phone"] is None


def test_messages_of_a_deleted_mailing_are_gone(api: FlaskClient, mailing: Mailing, sent: Message) -> None:
    api.delete(f"/api/v1/mailings/{mailing.id}")
    assert api.get(f"/api/v1/messages/{sent.id}").status_code == 404


def test_the_report_has_one_line_a_message(api: FlaskClient, mailing: Mailing, sent: Message) -> None:
    answer = api.get(f"/api/v1/mailings/{mailing.id}/report.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="mailing-{mailing.id}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [(row["id"], row["phone"], row["status"]) for row in rows] == [(str(sent.id), "79990000000", "sent")]


def test_figures_of_one_mailing_and_of_all(api: FlaskClient, mailing: Mailing) -> None:
    figures = api.get(f"/api/v1/mailings/{mailing.id}/statistics").json
    assert list(figures) == ["recipients", *Status]
    totals = api.get("/api/v1/statistics").json
    assert totals["mailings"] == {
        "scheduled": 0, "running": 1, "paused": 0, "finished": 0, "cancelled": 0, "total": 1,
    }  # fmt: skip
    assert list(totals["messages"]) == ["recipients", *Status]
