"""Enrol, claim, record, settle and sweep against the database: the same suite on SQLite and PostgreSQL."""

import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from mailing_app import clients, clock, mailings, pulse, reports
from mailing_app.db import db, many_may_write
from mailing_app.dispatch import claim as claim_module
from mailing_app.dispatch import enrol, gate, rate, settle, sweep
from mailing_app.dispatch.claim import BEGIN_WITHIN, PUT_OFF, Claimer
from mailing_app.dispatch.parts import Delivery, Envelope, Outcome, Reached, Step, Verdict
from mailing_app.dispatch.record import Result, record
from mailing_app.local_time import Window
from mailing_app.models import Attempt, Client, Dispatcher, Mailing, Message, Status
from tests.dispatch.samples import an_answer
from tests.factories import a_client, a_crowd, a_filter, a_mailing, some_clients


def enrolled(**given: Any) -> Mailing:
    """A running mailing with its audience complete."""
    mailing = a_mailing(**given)
    enrol_all()
    return mailing


def enrol_all(now: datetime | None = None) -> None:
    while enrol.enrol(now or clock.now()):
        pass


def settle_all(now: datetime) -> None:
    while settle.settle(now):
        pass


def claim(
    seats: int = 10, now: datetime | None = None, by: int | None = None, repeats: int | None = None, **claimer: Any
) -> list[Envelope]:
    dispatcher_id, room = by or sweep.enlist(clock.now(), 10), seats if repeats is None else repeats
    return Claimer(dispatcher_id, **claimer).claim(seats, room, now or clock.now(), clock.monotonic())


def claimed_by(claimer: Claimer, seats: int, now: datetime | None = None) -> list[Envelope]:
    return claimer.claim(seats, seats, now or clock.now(), clock.monotonic())


def result(envelope: Envelope, status: Status, outcome: Outcome = Outcome.ACCEPTED, **step: Any) -> Result:
    reached = Reached.NOTHING_LEFT if outcome is Outcome.NOT_SENT else Reached.ANSWER_ENDED
    answer = an_answer(reached=reached, began_at=clock.now(), ended_at=clock.now())
    return Result(Delivery(envelope, answer, Verdict(outcome)), Step(status, **step))


def figures(mailing: Mailing) -> dict[str, int]:
    """The figures that are not zero, after checking them against a recount."""
    db.session.commit()
    db.session.expire_all()
    if db.engine.dialect.name == "postgresql":  # figures and rows of one instant, also while others write
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    told = reports.statistics(db.session.get_one(Mailing, mailing.id).tally)
    rows = db.session.scalars(select(Message.status).where(Message.mailing_id == mailing.id)).all()
    assert told == {"recipients": len(rows)} | {status.value: rows.count(status) for status in Status}
    assert reports.check() == []
    return {name: number for name, number in told.items() if number and name != "recipients"}


def messages(mailing: Mailing) -> Sequence[Message]:
    db.session.commit()
    db.session.expire_all()
    return db.session.scalars(select(Message).where(Message.mailing_id == mailing.id).order_by(Message.id)).all()


def test_enrolment_takes_whom_the_filter_matches_once(app: Flask) -> None:
    vip, other = a_client(tag="vip"), a_client(tag="new")
    a_client(tag="vip", operator_code="911")
    mailing = enrolled(filter=a_filter(tags=["vip", "x"], operator_codes=[vip.operator_code]))
    assert [message.client_id for message in messages(mailing)] == [vip.id]
    everyone = enrolled()
    enrol_all()
    assert figures(everyone) == {"pending": 3}
    assert other.id in [message.client_id for message in messages(everyone)]


def test_enrolment_twice_equals_once(app: Flask) -> None:
    some_clients(3)
    mailing = enrolled()
    with db.engine.begin() as connection:  # as if nobody knew that it was done
        connection.execute(Mailing.__table__.update().values(enrolled_at=None, enrolled_to=0))
    enrol_all()
    assert figures(mailing) == {"pending": 3}


def test_enrolment_in_many_chunks_equals_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrol, "CLIENTS_A_CHUNK", 3)
    some_clients(10)
    mailing = a_mailing()
    assert enrol.enrol(clock.now())
    assert figures(mailing) == {"pending": 3}
    enrol_all()
    assert figures(mailing) == {"pending": 10}


def test_enrolment_by_several_processes_at_once_equals_one(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrol, "CLIENTS_A_CHUNK", 5)
    some_clients(50)
    mailing = a_mailing()
    at_once(app, 4, enrol_all)
    assert figures(mailing) == {"pending": 50}


def test_before_its_start_nobody_is_enrolled(app: Flask) -> None:
    a_client()
    mailing = a_mailing(starts_at=clock.now() + timedelta(seconds=60))
    enrol_all()
    assert figures(mailing) == {}
    enrol_all(clock.now() + timedelta(seconds=61))
    assert figures(mailing) == {"pending": 1}


def test_a_mailing_whose_time_passed_unattended_shows_whom_it_missed(app: Flask) -> None:
    some_clients(2)
    mailing = enrolled(starts_at=clock.now() - timedelta(hours=2), ends_at=clock.now() - timedelta(hours=1))
    settle_all(clock.now())
    assert figures(mailing) == {"expired": 2}
    assert {message.reason for message in messages(mailing)} == {"mailing_ended"}


def test_a_mailing_that_cannot_be_enrolled_keeps_no_other_from_it(app: Flask) -> None:
    client = a_client()
    with db.engine.begin() as connection:  # known to the machine that took it, not to this one
        connection.execute(Client.__table__.update().values(timezone="Mars/Base"))
    a_mailing(window=Window(time(0), time(23)), ends_at=clock.now() + timedelta(minutes=30))
    good = a_mailing()
    assert enrol.enrol(clock.now())
    with pytest.raises(ValueError, match="Mars/Base"):
        enrol_all()
    assert [message.client_id for message in messages(good)] == [client.id]


def test_who_moves_to_another_zone_waits_for_that_ones_opening(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.fromisoformat("2026-06-01T10:00:00+00:00")  # 13:00 in Moscow, 20:00 in Vladivostok
    client = a_client(timezone="Asia/Vladivostok")
    a_mailing(starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=3), window=Window(time(9), time(18)))
    enrol_all(now)
    assert claim(now=now) == []
    monkeypatch.setattr(clock, "now", lambda: now)
    clients.change(client.id, timezone="Europe/Moscow")
    assert len(claim(now=now)) == 1


def test_outside_the_window_a_message_waits_for_its_zone(app: Flask) -> None:
    now = datetime.fromisoformat("2026-06-01T03:00:00+00:00")  # 06:00 in Moscow, 13:00 in Vladivostok
    early, late = a_client(timezone="Europe/Moscow"), a_client(timezone="Asia/Vladivostok")
    mailing = a_mailing(
        starts_at=now - timedelta(hours=1), ends_at=now + timedelta(days=1), window=Window(time(9), time(18))
    )
    enrol_all(now)
    due = {message.client_id: message.due_at for message in messages(mailing)}
    assert due == {early.id: now + timedelta(hours=3), late.id: mailing.starts_at}
    [envelope] = claim(now=now)
    assert (envelope.client_id, envelope.closes_at) == (late.id, now + timedelta(hours=5))


def test_a_claim_takes_no_more_than_the_seats(app: Flask) -> None:
    some_clients(5)
    mailing = enrolled()
    envelopes = claim(3)
    assert len(envelopes) == 3
    assert figures(mailing) == {"pending": 2, "sending": 3}
    assert all(envelope.stale_at <= clock.monotonic() + BEGIN_WITHIN for envelope in envelopes)


def test_eight_claimers_never_get_the_same_message(app: Flask) -> None:
    some_clients(80)
    mailing = enrolled()
    by = [sweep.enlist(clock.now(), 10) for _ in range(8)]
    claimed: list[int] = []

    def work() -> None:
        mine = by.pop()
        for _ in range(6):
            claimed.extend(envelope.message_id for envelope in claim(3, by=mine))

    at_once(app, 8, work)
    claimed += [envelope.message_id for envelope in claim(100)]
    assert sorted(claimed) == sorted(message.id for message in messages(mailing))
    assert figures(mailing) == {"sending": 80}


def test_seats_are_shared_and_the_earliest_end_comes_first(app: Flask) -> None:
    some_clients(10)
    big = enrolled(ends_at=clock.now() + timedelta(hours=2))
    urgent = enrolled(ends_at=clock.now() + timedelta(hours=1))
    envelopes = claim(4)
    assert [envelope.mailing_id for envelope in envelopes] == [urgent.id] * 2 + [big.id] * 2


def test_more_mailings_than_seats_come_one_after_the_other(app: Flask) -> None:
    some_clients(3)
    one, two, three, four, five = (enrolled(ends_at=clock.now() + timedelta(hours=hours)).id for hours in range(1, 6))
    claimer = Claimer(sweep.enlist(clock.now(), 2))
    turns = [[each.mailing_id for each in claimed_by(claimer, 2)] for _ in range(5)]
    assert turns == [[one, two], [three, four], [five, one], [two, three], [four, five]]


def test_repeats_beyond_the_budget_are_put_off_and_first_attempts_get_past_them(app: Flask) -> None:
    some_clients(6)
    mailing = enrolled()
    now, older = clock.now(), mailing.starts_at - timedelta(seconds=1)
    record([result(each, Status.PENDING, Outcome.BUSY, due_at=older, tries=1) for each in claim(3)])
    assert sorted(envelope.attempts for envelope in claim(2, now=now, repeats=1)) == [0, 1]
    assert [envelope.attempts for envelope in claim(2, now=now, repeats=0)] == [0, 0]
    assert claim(4, now=now + PUT_OFF - timedelta(milliseconds=1)) == []
    assert [envelope.attempts for envelope in claim(4, now=now + PUT_OFF)] == [1, 1]
    assert figures(mailing) == {"sending": 6}


def test_the_budget_bounds_the_repeats_of_all_mailings_together(app: Flask) -> None:
    some_clients(2)
    for _ in range(3):
        enrolled()
    record([result(each, Status.PENDING, Outcome.BUSY, due_at=clock.now(), tries=1) for each in claim(6)])
    assert len(claim(6, repeats=2)) == 2


@pytest.mark.parametrize("seats", [1, 4])
def test_mailings_that_only_wait_take_no_turn_from_one_that_is_due(app: Flask, seats: int) -> None:
    """Nor a probe, which has one seat a minute."""
    some_clients(4)
    for _ in range(6):
        enrolled()
    with db.engine.begin() as connection:
        connection.execute(Message.__table__.update().values(due_at=clock.now() + timedelta(minutes=30)))
    due = enrolled()
    assert [envelope.mailing_id for envelope in claim(seats)] == [due.id] * seats


@pytest.mark.parametrize("control", [mailings.pause, mailings.cancel, mailings.delete])
def test_a_stopped_mailing_is_not_claimed(app: Flask, control: Any) -> None:
    a_client()
    mailing = enrolled()
    control(mailing.id)
    assert claim() == []


def test_a_resumed_mailing_goes_on(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    mailings.pause(mailing.id)
    mailings.resume(mailing.id)
    assert len(claim()) == 1


def test_nothing_is_claimed_at_or_after_the_end(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    assert claim(now=mailing.ends_at) == []
    assert len(claim(now=mailing.ends_at - timedelta(microseconds=1))) == 1


@pytest.fixture
def shared_clock(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The one clock that all dispatchers have, in the test's hands: its one item is the present moment."""
    gate.Gate("").prepare(clock.now())
    present = [clock.now()]
    monkeypatch.setattr(rate, "shared_now", lambda _session: present[0])
    return present


def test_the_rate_bounds_all_dispatchers_together(shared_clock: list[datetime]) -> None:
    some_clients(30)
    enrolled()
    eight = rate.Rate(8.0)
    assert [len(claim(10, rate=eight)) for _ in range(3)] == [2, 0, 0]
    shared_clock[0] += timedelta(milliseconds=125)
    assert [len(claim(10, rate=eight)) for _ in range(2)] == [1, 0]
    shared_clock[0] += timedelta(hours=1)
    assert [len(claim(10, rate=eight)) for _ in range(2)] == [2, 0]


def test_what_is_not_claimed_costs_nothing_of_the_rate(shared_clock: list[datetime]) -> None:
    some_clients(3)
    mailing = enrolled()
    mailings.pause(mailing.id)
    assert claim(10, rate=rate.Rate(12.0)) == []
    mailings.resume(mailing.id)
    assert len(claim(1, rate=rate.Rate(12.0))) == 1
    assert len(claim(10, rate=rate.Rate(12.0))) == 2


def test_a_clock_that_was_set_back_starves_nobody_and_floods_nobody(shared_clock: list[datetime]) -> None:
    some_clients(30)
    enrolled()
    eight = rate.Rate(8.0)
    assert len(claim(10, rate=eight)) == 2
    shared_clock[0] -= timedelta(hours=1)
    assert claim(10, rate=eight) == []
    shared_clock[0] += timedelta(milliseconds=250)
    assert len(claim(10, rate=eight)) == 2


def test_a_rate_of_parts_counts_what_the_texts_take(shared_clock: list[datetime]) -> None:
    some_clients(30)
    enrolled(text="я" * 71)  # two parts
    assert len(claim(10, rate=rate.Rate(16.0, by_parts=True))) == 2
    assert claim(10, rate=rate.Rate(16.0, by_parts=True)) == []


def test_a_text_that_is_dearer_than_a_whole_second_still_goes(shared_clock: list[datetime]) -> None:
    some_clients(3)
    enrolled(text="я" * 200)  # three parts, at one a second
    slow = rate.Rate(1.0, by_parts=True)
    claimed = []
    for _ in range(7):
        claimed.append(len(claim(10, rate=slow)))
        shared_clock[0] += timedelta(seconds=1)
    assert claimed == [0, 1, 0, 0, 1, 0, 0]


def test_mailings_share_the_rate_as_they_share_the_seats(shared_clock: list[datetime]) -> None:
    some_clients(30)
    urgent, other = (enrolled(ends_at=clock.now() + timedelta(hours=hours)).id for hours in (1, 2))
    claimer = Claimer(sweep.enlist(clock.now(), 10), rate.Rate(40.0))
    assert [each.mailing_id for each in claimed_by(claimer, 60)] == [urgent] * 5 + [other] * 5
    turns = []
    for _ in range(6):  # a token each
        shared_clock[0] += timedelta(milliseconds=25)
        turns += [each.mailing_id for each in claimed_by(claimer, 60)]
    assert turns == [urgent, other] * 3


def test_a_dear_text_waits_for_its_tokens_and_nobody_behind_it_takes_them(shared_clock: list[datetime]) -> None:
    some_clients(30)
    urgent, dear = enrolled(ends_at=clock.now() + timedelta(hours=1)).id, enrolled(text="я" * 200).id  # three parts
    claimer = Claimer(sweep.enlist(clock.now(), 10), rate.Rate(16.0, by_parts=True))
    turns = []
    for _ in range(40):
        turns += [each.mailing_id for each in claimed_by(claimer, 60)]
        shared_clock[0] += timedelta(seconds=1 / 16)
    assert turns.count(dear) >= 8
    assert turns.count(urgent) >= 8


def test_who_may_not_leave_any_more_costs_nothing_of_the_rate(shared_clock: list[datetime]) -> None:
    """Left over when their window closed: they are claimed once more, to learn when it opens again."""
    some_clients(2, timezone="UTC")
    noon = clock.now().replace(hour=12, minute=0) + timedelta(days=1)
    over = noon + timedelta(hours=1)
    enrolled(starts_at=noon, ends_at=noon + timedelta(days=2), window=Window(time(11), time(12, 30)))
    enrol_all(noon)
    enrolled(ends_at=noon + timedelta(days=3))
    claimed = claim(10, now=over, rate=rate.Rate(8.0))  # two tokens
    assert [each.may_leave(over) for each in claimed] == [False, True, True]


def test_outcome_attempt_and_figures_go_together(app: Flask) -> None:
    some_clients(3)
    mailing = enrolled()
    one, two, three = claim()
    due_at = clock.now() + timedelta(seconds=30)
    written = record(
        [
            result(one, Status.SENT),
            result(two, Status.FAILED, Outcome.REFUSED, reason="refused", tries=1),
            result(three, Status.PENDING, Outcome.CUT_OFF, reason="cut_off", due_at=due_at, tries=1, unknown=True),
        ]
    )
    assert written == 3
    assert figures(mailing) == {"sent": 1, "failed": 1, "pending": 1}
    sent, failed, waiting = messages(mailing)
    assert sent.sent_at
    assert not failed.sent_at
    assert (failed.reason, failed.attempts) == ("refused", 1)
    assert (waiting.due_at, waiting.tries, waiting.unknown, waiting.claimed_by) == (due_at, 1, True, None)
    assert [attempt.outcome for attempt in db.session.scalars(select(Attempt).order_by(Attempt.message_id))] == [
        "accepted", "refused", "cut_off",
    ]  # fmt: skip
    assert db.session.get_one(Mailing, mailing.id).tally.last_byte_at


def test_recording_the_same_outcome_twice_changes_nothing(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    [envelope] = claim()
    assert [record([result(envelope, Status.SENT)]) for _ in range(2)] == [1, 0]
    assert figures(mailing) == {"sent": 1}
    assert messages(mailing)[0].attempts == 1


def test_a_late_outcome_changes_nothing(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    [old] = claim()
    taken_away(old)
    [new] = claim()
    assert new.epoch == old.epoch + 1
    assert record([result(old, Status.FAILED, Outcome.REFUSED)]) == 0
    assert figures(mailing) == {"sending": 1}
    assert record([result(new, Status.SENT)]) == 1
    assert record([result(old, Status.FAILED, Outcome.REFUSED)]) == 0
    assert figures(mailing) == {"sent": 1}


@pytest.mark.parametrize("meanwhile", ["pending", "sending", "failed", "uncertain", "sent"])
def test_a_late_acceptance_is_a_fact(app: Flask, meanwhile: str) -> None:
    a_client()
    mailing = enrolled()
    [old] = claim()
    taken_away(old)
    if meanwhile != "pending":
        [new] = claim()
        if meanwhile != "sending":
            record([result(new, Status(meanwhile), Outcome.REFUSED)])
    record([result(old, Status.SENT)])
    assert figures(mailing) == {"sent": 1}
    if meanwhile == "sending":
        assert record([result(new, Status.FAILED, Outcome.REFUSED)]) == 0
        assert figures(mailing) == {"sent": 1}
    outcomes = db.session.scalars(select(Attempt.outcome).order_by(Attempt.epoch)).all()
    assert outcomes[0] == "accepted"


def test_an_acceptance_is_a_fact_beside_a_newer_outcome_of_the_same_message(app: Flask) -> None:
    """As when a dispatcher that was taken for dead claims anew what it still has on the wire."""
    a_client()
    mailing = enrolled()
    [old] = claim()
    taken_away(old)
    [new] = claim()
    unreadable = result(new, Status.PENDING, Outcome.UNREADABLE, due_at=clock.now(), unknown=True)
    record([result(old, Status.SENT), unreadable])
    assert figures(mailing) == {"sent": 1}


def test_the_payload_is_frozen_once_a_byte_may_have_left(app: Flask) -> None:
    client = a_client()
    before = client.phone
    mailing = enrolled()
    [unsent] = claim()
    record([result(unsent, Status.PENDING, Outcome.NOT_SENT, due_at=clock.now())])
    clients.change(client.id, phone="79009999999")
    [left] = claim()
    assert (before, left.phone) == (unsent.phone, "79009999999")
    record([result(left, Status.PENDING, Outcome.CUT_OFF, due_at=clock.now())])
    clients.change(client.id, phone="79008888888")
    assert claim()[0].phone == "79009999999"
    assert figures(mailing) == {"sending": 1}


def test_a_late_outcome_is_in_the_proof_of_the_end(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    [envelope] = claim()
    taken_away(envelope)
    late = result(envelope, Status.PENDING, Outcome.CUT_OFF, due_at=clock.now(), unknown=True)
    assert record([late]) == 0
    db.session.expire_all()
    assert db.session.get_one(Mailing, mailing.id).tally.last_byte_at == late.delivery.answer.began_at


def test_an_end_that_is_moved_while_it_is_settled_expires_nobody(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    some_clients(3)
    mailing = enrolled()
    ends_at, look = mailing.ends_at, settle._over

    def look_then_move(now: datetime) -> Any:
        found = look(now)
        mailings.change(mailing.id, ends_at=ends_at + timedelta(hours=5))
        return found

    monkeypatch.setattr(settle, "_over", look_then_move)
    settle.settle(ends_at)
    assert figures(mailing) == {"pending": 3}


def test_at_the_end_the_waiting_expire_and_the_unknown_stay_uncertain(app: Flask) -> None:
    some_clients(3)
    mailing = enrolled()
    unknown, on_the_wire = claim(2)
    record([result(unknown, Status.PENDING, Outcome.CUT_OFF, reason="cut_off", due_at=mailing.ends_at, unknown=True)])
    settle_all(mailing.ends_at)
    assert figures(mailing) == {"sending": 1, "expired": 1, "uncertain": 1}
    assert not db.session.get_one(Mailing, mailing.id).settled_at
    record([result(on_the_wire, Status.PENDING, Outcome.BUSY, due_at=mailing.ends_at)])
    settle_all(mailing.ends_at)
    assert figures(mailing) == {"expired": 2, "uncertain": 1}
    assert db.session.get_one(Mailing, mailing.id).settled_at


@pytest.mark.parametrize(
    ("control", "reason"), [(mailings.cancel, "mailing_cancelled"), (mailings.delete, "mailing_deleted")]
)
def test_a_stopped_mailing_counts_the_waiting_as_cancelled(app: Flask, control: Any, reason: str) -> None:
    some_clients(2)
    mailing = enrolled()
    control(mailing.id)
    settle_all(clock.now())
    assert figures(mailing) == {"cancelled": 2}
    assert messages(mailing)[0].reason == reason


def test_an_erased_client_gets_nothing_more(app: Flask) -> None:
    waiting, tried = some_clients(2)
    mailing = enrolled()
    for envelope in claim():
        unknown = envelope.client_id == tried.id
        record([result(envelope, Status.PENDING, Outcome.CUT_OFF, due_at=clock.now(), unknown=unknown)])
    clients.erase(waiting.id)
    clients.erase(tried.id)
    assert figures(mailing) == {"cancelled": 1, "uncertain": 1}
    assert {message.phone for message in messages(mailing)} == {None}


def test_what_a_dead_dispatcher_had_claimed_goes_back_as_unknown(app: Flask) -> None:
    some_clients(2)
    mailing = enrolled()
    claim()
    [dead] = db.session.scalars(select(Dispatcher)).all()
    with db.engine.begin() as connection:
        connection.execute(Dispatcher.__table__.update().values(process_began="of a process that is gone"))
    assert sweep.Sweeper(lease=30).sweep(clock.now(), clock.monotonic()) == 2
    assert figures(mailing) == {"pending": 2}
    assert all(message.unknown and message.attempts == 1 for message in messages(mailing))
    assert db.session.scalars(select(Attempt.outcome)).all() == ["unknown", "unknown"]
    assert not sweep.beat(dead.id, clock.now())


def test_what_a_buried_dispatcher_claimed_meanwhile_is_found_too(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    me = sweep.enlist(clock.now(), 10)
    sweep.bury(me, clock.now(), deduplicates=True)
    assert len(claim(by=me)) == 1  # under way while it was written off
    with db.engine.begin() as connection:
        connection.execute(Dispatcher.__table__.update().values(process_began="of a process that is gone"))
    assert sweep.Sweeper(lease=30).sweep(clock.now(), clock.monotonic()) == 1
    assert figures(mailing) == {"pending": 1}


def test_a_watcher_that_blinked_counts_anew(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    claim()
    with db.engine.begin() as connection:
        connection.execute(Dispatcher.__table__.update().values(host="elsewhere"))
    sweeper, blink = sweep.Sweeper(lease=8), sweep.LONGEST_BLINK
    swept = [sweeper.sweep(clock.now(), moment) for moment in (0.0, blink + 1, blink + 9, blink + 9.1)]
    assert swept == [0, 0, 0, 1]
    assert figures(mailing) == {"pending": 1}


def test_a_dispatcher_elsewhere_is_dead_when_its_beat_stands_still_for_a_lease(app: Flask) -> None:
    a_client()
    mailing = enrolled()
    claim()
    with db.engine.begin() as connection:
        connection.execute(Dispatcher.__table__.update().values(host="elsewhere"))
    sweeper = sweep.Sweeper(lease=8, deduplicates=False)
    assert sweeper.sweep(clock.now(), 0.0) == 0
    assert sweeper.sweep(clock.now(), 7.0) == 0
    sweep.beat(1, clock.now())
    assert sweeper.sweep(clock.now(), 9.0) == 0
    assert sweeper.sweep(clock.now(), 17.0) == 0
    assert sweeper.sweep(clock.now(), 17.1) == 1
    assert figures(mailing) == {"uncertain": 1}  # the gateway would deliver it twice, so a person decides


def test_claims_without_anybodys_knowing_are_released(app: Flask) -> None:
    some_clients(2)
    mailing = enrolled()
    me = sweep.enlist(clock.now(), 10)
    held, _stray = claim(by=me)
    assert sweep.release_strays(me, {held.message_id}, clock.now()) == 1
    assert figures(mailing) == {"pending": 1, "sending": 1}


def test_a_stray_goes_to_the_new_phone(app: Flask) -> None:
    client = a_client()
    enrolled()
    me = sweep.enlist(clock.now(), 4)
    claim(by=me)
    sweep.release_strays(me, set(), clock.now())
    clients.change(client.id, phone="79007654321")
    assert [envelope.phone for envelope in claim(by=me)] == ["79007654321"]


def test_copied_machines_of_one_name_are_told_apart() -> None:
    """The first process namespace has the same number everywhere; what a boot calls itself differs."""
    assert Path("/proc/sys/kernel/random/boot_id").read_text().strip() in pulse.here()


def taken_away(envelope: Envelope) -> None:
    """As if the dispatcher that claimed it had been found dead."""
    db.session.commit()
    claimed_by = db.session.get_one(Message, envelope.message_id, populate_existing=True).claimed_by
    assert claimed_by
    sweep.bury(claimed_by, clock.now(), deduplicates=True)


def at_once(app: Flask, number: int, work: Any) -> None:
    """Run it in so many threads, each with a session of its own; faults are raised here."""
    faults: list[BaseException] = []

    def run() -> None:
        try:
            with app.app_context():
                work()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults


def test_a_process_is_told_from_a_later_one_and_a_zombie_from_the_living() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert sweep.began(process.pid)
    assert sweep.began(process.pid) == sweep.began(process.pid) != sweep.began(os.getpid())
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet buried by its parent
    assert sweep.began(process.pid) == ""
    process.communicate()
    assert sweep.began(process.pid) == ""


def test_a_process_of_which_nothing_can_be_told_is_not_taken_for_dead(app: Flask) -> None:
    """Who has no descriptor left cannot look, and itself lives."""
    some_clients(1)
    enrolled()
    claim()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest = os.open("/dev/null", os.O_RDONLY)
    os.close(lowest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        swept = sweep.Sweeper(lease=10.0).sweep(clock.now(), clock.monotonic())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert swept == 0


@pytest.mark.parametrize("statement", [claim_module._running, claim_module._first_due])
def test_a_claim_costs_the_same_however_many_were_sent(app: Flask, statement: Callable[[], Any]) -> None:
    """Once the table was analysed PostgreSQL looked for one who waits through the whole of it, at every claim; and so
    it may do with the plan that it keeps for whatever the parameters may be.
    """
    if not many_may_write():
        pytest.skip("SQLite takes the statement as it is written")
    a_crowd(3000)
    enrolled()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE message, mailing, tally")
        written = re.sub(r"%\((\w+)\)s", ":\\1", str(statement().compile(connection)))
        numbers = {name: f"${number}" for number, name in enumerate(sorted(set(re.findall(r":(\w+)", written))), 1)}
        generic = re.sub(r"(?<!:):(\w+)", lambda found: numbers[found[1]], written)
        plan = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {generic}").scalar_one()
    assert ways_to_messages(plan[0]["Plan"]) == ["ix_message_due"]


def ways_to_messages(node: dict[str, Any]) -> list[str]:
    """The indexes, or else the kinds of walk, by which a plan comes to messages."""
    own = [node.get("Index Name", node["Node Type"])] if node.get("Relation Name") == "message" else []
    return [*own, *(way for part in node.get("Plans", []) for way in ways_to_messages(part))]
