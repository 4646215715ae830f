"""What is kept for so many days and no longer: on SQLite and PostgreSQL, told plainly in pages, API and CSV."""

import csv
import io
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from mailing_app import audit, clock, drafts, mailings, reports, retention
from mailing_app.db import db, transaction
from mailing_app.models import Action, Attempt, AuditEntry, Draft, Mailing, Message, RawAnswer, Status
from tests.factories import a_client, a_mailing, an_operator
from tests.web.pages import fields

DAYS = 30
TEXT = "Dear {tag}, your code is 1234"
ENDS = (Status.SENT, Status.FAILED, Status.UNCERTAIN)


def at_once(_seconds: float) -> bool:
    return False


def an_old_mailing(age: timedelta = timedelta(days=DAYS, minutes=1), clients: int = 3, **given: Any) -> Mailing:
    """A mailing that settled so long ago, its messages with all they can hold."""
    now = clock.now()
    mailing = a_mailing(**({"text": TEXT, "ends_at": now - timedelta(seconds=1)} | given))
    people = [a_client(tag=f"secret {number}") for number in range(clients)]
    with transaction() as session:
        for number, person in enumerate(people):
            told = {"phone": person.phone, "operator_code": "900", "tag": person.tag, "frozen": True, "attempts": 1}
            ended = {"status": ENDS[number % 3], "created_at": now, "due_at": now, "reason": "busy"}
            message = Message(mailing_id=mailing.id, client_id=person.id, **told, **ended)
            session.add(message)
            session.flush()
            session.add(Attempt(message_id=message.id, epoch=1, outcome="busy", http_status=503, error="not secret 1"))
        held = {"dispatcher_id": 1, "place": mailing.id, "outcome": "busy", "milliseconds": 5, "excerpt": "secret 1"}
        session.add(RawAnswer(came_at=now, message_id=message.id, **held))
        settled = session.get_one(Mailing, mailing.id)
        settled.settled_at = now - age
        for status in ENDS:
            setattr(settled.tally, status, sum(ENDS[number % 3] is status for number in range(clients)))
    return mailings.get(mailing.id)


def contents(table: Any) -> list[dict[str, Any]]:
    db.session.rollback()
    return [
        dict(row)
        for row in db.session.execute(select(table.__table__).order_by(*table.__table__.primary_key)).mappings()
    ]


def test_text_and_phones_are_erased_and_all_else_stays(app: Flask) -> None:
    mailing = an_old_mailing()
    tables = (Mailing, Message, Attempt)
    before = {table: contents(table) for table in tables}
    figures = reports.statistics(mailing.tally)
    assert retention.work(DAYS, at_once) == 1
    gone = {
        Mailing: {"text": ""}, Message: dict.fromkeys(("phone", "operator_code", "tag")), Attempt: {"error": ""},
    }  # fmt: skip
    moved = {"version", "updated_at", "forgotten_at"}
    for table in tables:
        left = [{name: value for name, value in row.items() if name not in moved} for row in contents(table)]
        kept = [{name: value for name, value in row.items() if name not in moved} for row in before[table]]
        assert left == [row | gone[table] for row in kept]
    assert contents(RawAnswer) == []
    again = mailings.get(mailing.id)
    assert reports.statistics(again.tally) == figures
    assert again.forgotten_at is not None


@pytest.mark.parametrize("make", [
    lambda: an_old_mailing(timedelta(days=DAYS) - timedelta(minutes=1)),
    lambda: a_mailing(text=TEXT),
    lambda: a_mailing(text=TEXT, ends_at=clock.now() - timedelta(seconds=1)),
], ids=["younger", "running", "not settled"])  # fmt: skip
def test_what_is_younger_or_not_settled_is_kept(app: Flask, make: Callable[[], Mailing]) -> None:
    mailing = make()
    assert retention.work(DAYS, at_once) == 0
    assert (mailings.get(mailing.id).text, mailings.get(mailing.id).forgotten_at) == (TEXT, None)


def test_without_the_setting_all_is_kept(app: Flask) -> None:
    mailing = an_old_mailing(timedelta(days=9999))
    assert retention.work(None, at_once) == 0
    assert mailings.get(mailing.id).text == TEXT


def test_it_is_noted_once_with_the_number_of_messages(app: Flask) -> None:
    mailing = an_old_mailing()
    retention.work(DAYS, at_once)
    assert retention.work(DAYS, at_once) == 0
    (entry,) = audit.listing(action=Action.MAILING_FORGOTTEN).items
    assert (entry.actor_kind, entry.mailing_id, entry.details) == ("service", mailing.id, {"messages": 3})


def test_who_goes_on_ends_what_another_was_stopped_in(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MESSAGES_A_CHUNK", 2)
    mailing = an_old_mailing(clients=7)
    rests = iter([False, False, True])
    assert retention.work(DAYS, lambda _: next(rests)) == 0
    half = [row["phone"] for row in contents(Message)]
    assert half[:4] == [None] * 4
    assert all(half[4:])
    with pytest.raises(Exception, match="were erased"):
        mailings.change(mailing.id, ends_at=clock.now() + timedelta(hours=1))
    assert retention.work(DAYS, at_once) == 1
    assert {row["phone"] for row in contents(Message)} == {None}
    assert len(audit.listing(action=Action.MAILING_FORGOTTEN).items) == 1


def test_several_at_once_do_no_harm(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "MESSAGES_A_CHUNK", 5)
    for _ in range(2):
        an_old_mailing(clients=30)
    faults: list[Exception] = []

    def work() -> None:
        with app.app_context():
            try:
                retention.work(DAYS, at_once)
            except Exception as fault:
                faults.append(fault)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert {row["phone"] for row in contents(Message)} == {None}
    assert {row["text"] for row in contents(Mailing)} == {""}
    assert len(audit.listing(action=Action.MAILING_FORGOTTEN).items) == 2


def test_whoever_changes_it_first_keeps_it(app: Flask) -> None:
    """An edit makes a mailing wait to be settled anew; what was found due before that is looked at once more."""
    mailing = an_old_mailing()
    mailings.change(mailing.id, name="other")
    assert not retention.forget(mailing.id, at_once)
    assert mailings.get(mailing.id).text == TEXT


def test_the_text_is_gone_from_forms_and_from_the_trail_too(app: Flask) -> None:
    mailing = a_mailing(text="Wrong", starts_at=clock.now() + timedelta(minutes=1))
    mailings.change(mailing.id, text=TEXT, name="Right")
    who = an_operator("Ada")
    drafts.keep(who, "a" * 32, f"/mailings/{mailing.id}/copy", [("text", TEXT)], "copy")
    drafts.keep(who, "b" * 32, "/mailings/new", [("text", "Other")], "other")
    with transaction() as session:
        session.get_one(Mailing, mailing.id).settled_at = clock.now() - timedelta(days=DAYS)
    an_old_mailing(name="Test: Dear", only_client_id=a_client().id)
    assert retention.work(DAYS, at_once) == 2
    changed = db.session.scalars(select(AuditEntry).filter_by(action=Action.MAILING_CHANGED.value)).one()
    assert changed.details == {"text": ["", ""], "name": ["Test", "Right"]}
    assert [row["name"] for row in contents(Draft)] == ["other"]
    assert [row["name"] for row in contents(Mailing)] == ["Right", ""]


def test_a_form_nobody_fetched_is_deleted(app: Flask) -> None:
    draft = drafts.keep_for_a_while(an_operator("Ada"), "/clients/new", [("phone", "79001234567")])
    retention.work(None, at_once)
    assert [row["id"] for row in contents(Draft)] == [draft.id]
    with transaction() as session:
        session.get_one(Draft, draft.id).created_at -= drafts.KEPT_FOR
    retention.work(None, at_once)
    assert contents(Draft) == []


def test_the_api_says_that_it_is_forgotten(app: Flask, api: FlaskClient) -> None:
    mailing = an_old_mailing()
    url = f"/api/v1/mailings/{mailing.id}"
    before = api.get(url).json
    retention.work(DAYS, at_once)
    shown = api.get(url).json
    assert before["forgotten_at"] is None
    assert (shown["text"], bool(shown["forgotten_at"])) == ("", True)
    assert shown["statistics"] == before["statistics"]
    for message in api.get(f"{url}/messages").json["items"]:
        assert (message["text"], message["phone"]) == ("", None)
    alone = api.get("/api/v1/messages/1").json
    assert (alone["text"], alone["phone"], alone["history"][0]["error"]) == ("", None, "")
    for method, body in (("patch", {"name": "x"}), ("put", shown), ("patch", {"text": "new"})):
        assert getattr(api, method)(url, json=body).status_code == 409
    assert api.post(f"{url}/send-uncertain").status_code == 409
    assert api.post(f"{url}/resume").status_code == 409
    assert api.delete(url).status_code == 204


def test_the_reports_keep_the_figures_without_the_phones(app: Flask) -> None:
    mailing = an_old_mailing()
    retention.work(DAYS, at_once)
    lines = csv.DictReader(io.StringIO(b"".join(reports.messages_csv(mailing.id)).decode("utf-8-sig")))
    assert [(line["phone"], line["status"], line["attempts"]) for line in lines] == [
        ("", status.value, "1") for status in ENDS
    ]
    (line,) = csv.DictReader(io.StringIO(b"".join(reports.mailings_csv()).decode("utf-8-sig")))
    assert line["recipients"] == "3"
    assert line["forgotten_at"]


def test_the_pages_say_it_and_offer_what_is_left(app: Flask, operator: FlaskClient) -> None:
    mailing = an_old_mailing()
    retention.work(DAYS, at_once)
    page, message = operator.get(f"/mailings/{mailing.id}").text, operator.get("/messages/1").text
    for shown in (page, message):
        assert "The text and the phones were erased on" in shown
        assert "your code" not in shown
        assert "7900" not in shown
    assert "/mailings/test" not in page
    assert operator.get(f"/mailings/{mailing.id}/edit").status_code == 409
    for again in ("copy", "remainder"):
        assert fields(operator.get(f"/mailings/{mailing.id}/{again}").text, "text")["text"] == ""
    assert "your code" not in operator.get("/clients/1").text
    assert "Erased the text and the phones of an old mailing" in operator.get("/audit").text
