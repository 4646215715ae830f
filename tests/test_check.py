"""The figures against what there is: after every kind of move, and when somebody has tampered with one."""

import pytest
from flask import Flask
from sqlalchemy import update

from mailing_app import clients, clock, demo, mailings, reports, retention
from mailing_app.db import db
from mailing_app.dispatch import settle, sweep
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.models import Breakdown, Message, Meter, Misses, Status, Tally, Trait
from tests.dispatch.test_storage import claim, enrol_all, enrolled, result
from tests.factories import a_client, a_mailing, some_clients


def by(trait: Trait) -> dict[str, dict[str, int]]:
    """The breakdown by a trait, without its noughts."""
    db.session.rollback()
    rows = db.session.query(Breakdown).filter_by(trait=trait).all()
    places = ("pending", "sent", "failed", "expired", "cancelled", "uncertain")
    return {row.value: {name: getattr(row, name) for name in places if getattr(row, name)} for row in rows}


def test_enrolment_counts_by_what_clients_are(app: Flask) -> None:
    a_client(operator_code="900", tag="vip", timezone="Europe/Moscow")
    some_clients(2, operator_code="911", tag="", timezone="Asia/Omsk")
    gone = a_client()
    clients.opt_out(gone.id)
    mailing = enrolled()
    assert by(Trait.OPERATOR_CODE) == {"900": {"pending": 1}, "911": {"pending": 2}}
    assert by(Trait.TIMEZONE) == {"Europe/Moscow": {"pending": 1}, "Asia/Omsk": {"pending": 2}}
    assert by(Trait.TAG) == {"vip": {"pending": 1}, "": {"pending": 2}}
    assert mailings.get(mailing.id).tally.opted_out == 1
    assert reports.check() == []


def test_a_client_who_changes_later_stays_where_the_audience_was_fixed(app: Flask) -> None:
    client = a_client(tag="vip")
    enrolled()
    clients.change(client.id, tag="new", operator_code="911")
    record([result(claim()[0], Status.SENT)])
    assert by(Trait.TAG) == {"vip": {"sent": 1}}
    assert reports.check() == []


def test_ends_are_told_by_reason_and_by_client(app: Flask) -> None:
    lucky, unlucky = some_clients(2)
    mailing = enrolled()
    first, second = sorted(claim(), key=lambda envelope: envelope.client_id)
    assert (first.client_id, second.client_id) == (lucky.id, unlucky.id)
    record([result(first, Status.SENT), result(second, Status.FAILED, Outcome.REFUSED, reason="refused")])
    assert by(Trait.REASON) == {"refused": {"failed": 1}}
    missed = db.session.query(Misses).all()
    assert [(each.client_id, each.number, each.failed) for each in missed] == [(unlucky.id, 1, 1)]
    tally = mailings.get(mailing.id).tally
    assert (tally.attempts, tally.repeats) == (2, 0)
    assert reports.check() == []


def test_whoever_is_buried_or_comes_late_is_counted_once(app: Flask) -> None:
    some_clients(3)
    mailing = enrolled()
    claimed = claim()
    sweep.bury(claimed[0].dispatcher_id, clock.now(), deduplicates=False)
    assert by(Trait.REASON) == {"unknown": {"uncertain": 3}}
    record([result(claimed[0], Status.SENT)])  # it was only slow
    assert by(Trait.REASON) == {"unknown": {"uncertain": 2}}
    mailings.send_again(mailing.id)
    assert by(Trait.TAG) == {"": {"pending": 2, "sent": 1}}
    record([result(envelope, Status.SENT) for envelope in claim()])
    db.session.rollback()
    tally = mailings.get(mailing.id).tally
    assert (tally.sent, tally.attempts, tally.repeats) == (3, 5, 2)
    assert reports.check() == []


def test_erasing_takes_the_tag_along_and_no_figure(app: Flask) -> None:
    anna, other = a_client(tag="Anna"), a_client(tag="vip")
    waiting = enrolled()
    record([result(envelope, Status.SENT) for envelope in claim(1)])
    a_mailing(ends_at=clock.now())
    clients.erase(anna.id)
    assert set(by(Trait.TAG)) == {"", "vip"}
    assert reports.check() == []
    assert mailings.get(waiting.id).tally.recipients == 2
    clients.erase(other.id)
    assert set(by(Trait.TAG)) == {""}
    assert reports.check() == []


def test_ends_without_a_word_from_the_gateway(app: Flask) -> None:
    some_clients(3)
    over, cancelled = a_mailing(ends_at=clock.now()), a_mailing()
    enrol_all()
    mailings.cancel(cancelled.id)
    while settle.settle(clock.now()):
        pass
    assert by(Trait.REASON) == {"mailing_ended": {"expired": 3}, "mailing_cancelled": {"cancelled": 3}}
    assert reports.check() == []
    assert over.id != cancelled.id


def test_a_changed_audience_is_counted_anew(app: Flask) -> None:
    some_clients(2, tag="vip")
    a_client(tag="new")
    mailing = enrolled()
    mailings.change(mailing.id, filter={"operator_codes": [], "tags": ["new"], "timezones": []})
    assert by(Trait.TAG) == {}
    enrol_all()
    assert by(Trait.TAG) == {"new": {"pending": 1}}
    assert reports.check() == []


def test_forgetting_leaves_every_figure(app: Flask) -> None:
    a_client(tag="vip")
    mailing = a_mailing(ends_at=clock.now())
    enrol_all()
    while settle.settle(clock.now()):
        pass
    assert retention.forget(mailing.id, lambda _: False)
    assert by(Trait.TAG) == {"vip": {"expired": 1}}
    assert reports.check() == []


def test_the_invented_figures_are_true_too(app: Flask) -> None:
    assert demo.fill()
    enrol_all()
    assert reports.check() == []


@pytest.mark.parametrize(
    ("tampered", "named"),
    [
        (update(Tally).values(sent=3), "mailing 1 sent: counted 0, kept 3"),
        (update(Tally).values(attempts=9), "mailing 1 attempts: counted 0, kept 9"),
        (update(Breakdown).values(pending=2), "tag 1 vip pending: counted 1, kept 2"),
        (update(Message).values(status=Status.FAILED, reason="refused"), "client 1 failed: counted 1, kept 0"),
    ],
)
def test_the_command_names_what_differs(app: Flask, tampered: object, named: str) -> None:
    client = a_client(tag="vip")
    mailing = enrolled()
    assert told(app) == (0, "every figure is what there is\n")
    with db.engine.begin() as connection:
        connection.execute(tampered)  # type: ignore[call-overload]
    code, said = told(app)
    named = named.replace("mailing 1", f"mailing {mailing.id}").replace("tag 1", f"tag {mailing.id}")
    assert code == 1
    assert named.replace("client 1", f"client {client.id}") in said


def test_a_meter_that_differs_is_named(app: Flask) -> None:
    a_client()
    enrolled()
    record([result(claim()[0], Status.SENT)])
    with db.engine.begin() as connection:
        connection.execute(update(Meter).values(number=5))
    assert [(each.what, each.counted, each.kept) for each in reports.check()] == [("meter", 1, 5)]


def told(app: Flask) -> tuple[int, str]:
    """How `flask reports check` ends, and what it says."""
    run = app.test_cli_runner().invoke(args=["reports", "check"])
    return run.exit_code, run.output
