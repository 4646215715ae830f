"""What sending leaves behind for people to look at: the histogram, the latest answers, the turns of the weather."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from mailing_app import clock, holds, traffic, turns
from mailing_app.db import db, transaction
from mailing_app.dispatch import excerpts, gate, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.excerpts import FOR_ACCEPTANCES, PLACES, Ring
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.masking import Mask
from mailing_app.dispatch.parts import Delivery, Envelope, Outcome, Verdict
from mailing_app.dispatch.pump import Pump
from mailing_app.dispatch.record import record
from mailing_app.models import Attempt, Dispatcher, GatewayEvent, Hold, Mailing, RawAnswer, Status, Traffic, Turn
from mailing_app.practice import PracticeGateway
from tests.dispatch.samples import NOON, an_answer, an_envelope
from tests.dispatch.test_pump import done, run
from tests.dispatch.test_storage import claim, enrolled, result
from tests.factories import some_clients


@pytest.fixture
def pump(app: Flask, address: Address) -> Iterator[Pump]:
    pump = Pump(address, 4, Claimer(sweep.enlist(clock.now(), 4)))
    pump.gate.prepare(clock.now())
    yield pump
    pump.stop(2.0)


def counted() -> dict[str, int]:
    """The histogram, by outcome."""
    rows = db.session.execute(select(Traffic.outcome, func.sum(Traffic.number)).group_by(Traffic.outcome))
    return {outcome: int(number) for outcome, number in rows}


def attempted() -> dict[str, int]:
    return dict(Counter(db.session.scalars(select(Attempt.outcome))))


def answers() -> list[RawAnswer]:
    db.session.commit()
    return list(db.session.scalars(select(RawAnswer).order_by(RawAnswer.dispatcher_id, RawAnswer.place)))


def told() -> list[tuple[str, str]]:
    """The turns so far, the first one first."""
    db.session.commit()
    rows = db.session.execute(select(GatewayEvent.kind, GatewayEvent.detail).order_by(GatewayEvent.id))
    return [(row.kind, row.detail) for row in rows]


def test_the_histogram_equals_the_attempts(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(12)
    mailing = enrolled()
    gateway.script(None, [b"HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n"] * 3)
    run(pump, done(mailing))
    outcomes = counted()
    assert outcomes == attempted()
    # On a loaded machine an exchange may outlast its short deadline, and is repeated.
    assert (outcomes["accepted"], outcomes["refused"]) == (9, 3)
    assert traffic.rate(clock.now(), clock.now() - timedelta(seconds=3), mailing.id) == pytest.approx(3, rel=0.2)
    assert traffic.rate(clock.now(), None, mailing.id + 1) == 0
    latencies = traffic.latencies(clock.now() - timedelta(minutes=2), clock.now())
    assert latencies.p50
    assert latencies.p95
    assert latencies.p50.up_to <= latencies.p95.up_to < 1500


def test_an_attempt_that_is_recorded_twice_counts_once(app: Flask) -> None:
    """As after a commit whose answer got lost."""
    some_clients(3)
    enrolled()
    results = [result(envelope, Status.SENT) for envelope in claim(2)]
    record(results)
    record(results)
    late = [result(envelope, Status.SENT) for envelope in claim(1)]
    record([*results, *late])
    assert counted() == {"accepted": 3}


def test_the_truth_about_an_attempt_that_a_sweep_called_unknown_is_counted(app: Flask) -> None:
    some_clients(1)
    enrolled()
    by = sweep.enlist(clock.now(), 4)
    [envelope] = claim(by=by)
    sweep.bury(by, clock.now(), deduplicates=True)
    assert (counted(), attempted()) == ({}, {"unknown": 1})
    record([result(envelope, Status.SENT)])
    assert counted() == attempted() == {"accepted": 1}
    assert db.session.scalar(select(Traffic.dispatcher_id)) == by


def test_what_was_not_begun_is_not_counted(app: Flask, address: Address) -> None:
    some_clients(2)
    mailing: Mailing = enrolled(ends_at=clock.now() + timedelta(seconds=0.05))  # too near for a byte to leave
    pump = Pump(address, 4, Claimer(sweep.enlist(clock.now(), 4)))
    pump.turn()
    pump.stop(2.0)
    assert counted() == attempted() == {}
    assert mailing.tally.sent == 0


@pytest.mark.parametrize(
    ("milliseconds", "up_to"), [(0, 1), (1, 1), (1.1, 2), (150, 150), (151, 200), (99_999, 60_000)]
)
def test_classes_of_latency(milliseconds: float, up_to: int) -> None:
    assert traffic.class_of(milliseconds) == up_to


@pytest.mark.parametrize(("histogram", "share", "expected"), [
    ({}, 0.5, None),
    ({100: 10}, 0.5, (85, 100)),
    ({100: 10}, 1.0, (100, 100)),
    ({10: 90, 1000: 10}, 0.5, (9, 10)),
    ({10: 90, 1000: 10}, 0.95, (850, 1000)),
])  # fmt: skip
def test_quantiles(histogram: dict[int, int], share: float, expected: tuple[int, int] | None) -> None:
    assert traffic.quantile(histogram, share) == expected


def test_steps_have_no_gap_and_tell_one_mailing_from_another(app: Flask) -> None:
    with transaction() as session:
        for minutes, mailing_id, outcome, number in [(0, 1, "accepted", 5), (1, 2, "busy", 2), (7, 1, "accepted", 1)]:
            at = NOON + timedelta(minutes=minutes)
            of = {"dispatcher_id": 1, "up_to": 10, "outcome": outcome, "number": number}
            session.add(Traffic(minute_at=at, mailing_id=mailing_id, **of))
    five = timedelta(minutes=5)
    until = NOON + timedelta(minutes=14)
    told = [dict(step.outcomes) for step in traffic.steps(NOON, until, five)]
    assert told == [{"accepted": 5, "busy": 2}, {"accepted": 1}, {}]
    of_another = traffic.in_steps(traffic.of_mailing(2), NOON, until, five)
    assert [dict(step.outcomes) for step in of_another] == [{"busy": 2}, {}, {}]
    assert traffic.of_mailing(1) == [(NOON, "accepted", 5), (NOON + timedelta(minutes=7), "accepted", 1)]
    assert traffic.of_mailing(3) == []


def test_the_latest_answers_are_kept_as_they_came_without_our_token_and_phones(
    pump: Pump, gateway: PracticeGateway, address: Address
) -> None:
    [client] = some_clients(1)
    mailing = enrolled()
    body = json.dumps({"got": f"Bearer {address.token}", "phone": int(client.phone or 0)}).encode() + b"\x00\x1b\xff"
    gateway.script(None, [
        b"HTTP/1.1 400 No\r\nServer: nginx\r\nLocation: /?t=" + address.token.encode()
        + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    ])  # fmt: skip
    run(pump, done(mailing))
    [kept] = answers()
    assert (kept.message_id, kept.outcome, kept.http_status) == (1, "refused", 400)
    masked = f"{(client.phone or '')[:4]}*****{(client.phone or '')[-2:]}"
    lines = ["HTTP 400", "location: /?t=•••", "server: nginx"]
    assert kept.excerpt.split("\n") == [*lines, f'{{"got": "Bearer •••", "phone": {masked}}}␀␛\\xff']
    [attempt] = db.session.scalars(select(Attempt))
    assert address.token not in attempt.error
    assert str(client.phone) not in attempt.error


def a_delivery(outcome: Outcome, **given: Any) -> Delivery:
    envelope: Envelope = an_envelope(**given)
    return Delivery(envelope, an_answer(ended_at=NOON + timedelta(seconds=envelope.message_id)), Verdict(outcome))


def test_of_a_batch_the_newest_two_of_each_outcome_are_kept() -> None:
    batch = [a_delivery(Outcome.ACCEPTED, message_id=number) for number in range(1, 9)]
    batch += [a_delivery(Outcome.BUSY, message_id=9)]
    assert [row["message_id"] for row in Ring(Mask("")).rows(batch)] == [7, 8, 9]


def test_of_acceptances_that_come_fast_one_a_second_is_kept() -> None:
    ring = Ring(Mask(""))
    kept = [
        ring.rows([replace(a_delivery(Outcome.ACCEPTED), answer=answer)])
        for answer in (an_answer(ended_at=NOON + timedelta(milliseconds=300 * number)) for number in range(10))
    ]
    assert [bool(rows) for rows in kept] == [True, False, False, False, True, False, False, False, True, False]


def test_the_ring_has_so_many_places_and_acceptances_do_not_push_out_what_went_wrong(app: Flask) -> None:
    ring = Ring(Mask(""))
    with transaction() as session:
        for number in range(1, 41):
            outcome = Outcome.ACCEPTED if number > 20 else Outcome.BUSY
            excerpts.keep(session, ring.rows([a_delivery(outcome, message_id=number)]))
    kept = answers()
    assert [each.place for each in kept] == list(range(PLACES))
    assert sorted(each.message_id for each in kept if each.outcome == "busy") == list(range(6, 21))
    assert sorted(each.message_id for each in kept if each.outcome == "accepted") == list(range(36, 41))
    assert len([each for each in kept if each.outcome == "accepted"]) == FOR_ACCEPTANCES


def test_a_batch_in_which_everything_went_wrong_takes_no_place_twice(app: Flask) -> None:
    """PostgreSQL refuses a statement that would put two rows into one place."""
    batch = [a_delivery(outcome) for outcome in Outcome for _ in range(2)]
    with transaction() as session:
        excerpts.keep(session, Ring(Mask("")).rows(batch))
    assert len(answers()) == 1 + PLACES - FOR_ACCEPTANCES


def test_answers_and_turns_are_forgotten_when_they_are_old(app: Flask) -> None:
    here, gone = sweep.enlist(NOON, 4), sweep.enlist(NOON, 4)
    with transaction() as session:
        session.get_one(Dispatcher, gone).left_at = NOON
        for dispatcher_id in (here, gone):
            excerpts.keep(session, Ring(Mask("")).rows([a_delivery(Outcome.BUSY, dispatcher_id=dispatcher_id)]))
        turns.note(session, Turn.STOPPED, NOON)
    assert excerpts.forget(NOON + timedelta(hours=23)) == 0
    assert excerpts.forget(NOON + timedelta(hours=25)) == 1
    assert [each.dispatcher_id for each in answers()] == [here]
    assert turns.forget(NOON + timedelta(days=29)) == 0
    assert turns.forget(NOON + timedelta(days=31)) == 1


def test_holds_are_told_when_they_begin_and_when_they_are_lifted(app: Flask) -> None:
    ours = gate.Gate("ours")
    ours.prepare(NOON)
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401 who are you?", NOON)
    ours.hold(Hold.SUSPECT, "HTTP 422", NOON)
    ours.lift([Hold.SUSPECT], NOON)
    ours.lift([Hold.TOKEN_REFUSED], NOON)
    ours.hold(Hold.WRONG_ADDRESS, "HTTP 404", NOON)
    gate.Gate("another").prepare(NOON)
    holds.stop("lunch")
    holds.stop("again")
    holds.go_on()
    holds.go_on()
    assert told() == [
        ("hold", "token_refused HTTP 401 who are you?"), ("hold_lifted", ""), ("hold", "wrong_address HTTP 404"),
        ("hold_lifted", ""), ("stopped", "lunch"), ("went_on", ""),
    ]  # fmt: skip


def test_a_wait_is_told_when_it_begins(app: Flask) -> None:
    gate.Gate("ours").prepare(NOON)
    for seconds in (5, 6, 7):
        gate.wait(NOON + timedelta(seconds=seconds), NOON)
    gate.wait(NOON + timedelta(seconds=20), NOON + timedelta(seconds=8))
    ends = [(NOON + timedelta(seconds=seconds)).isoformat() for seconds in (5, 20)]
    assert told() == [("wait", end) for end in ends]


def test_a_breaker_is_told_when_it_changes_and_what_flutters_only_a_few_times_a_minute(app: Flask) -> None:
    me = sweep.enlist(NOON, 4)
    for breaker in ("closed", "open", "open", "half_open", "closed"):
        assert sweep.beat(me, NOON, breaker=breaker)
    assert [kind for kind, _ in told()] == ["breaker_open", "breaker_half_open", "breaker_closed"]
    for breaker in ("open", "closed") * 10:
        sweep.beat(me, NOON + timedelta(seconds=30), breaker=breaker)
    assert Counter(kind for kind, _ in told()) == {"breaker_open": 3, "breaker_half_open": 1, "breaker_closed": 3}
    sweep.beat(me, NOON + timedelta(seconds=91), breaker="open")
    assert Counter(kind for kind, _ in told())["breaker_open"] == 4
    assert set(db.session.scalars(select(GatewayEvent.dispatcher_id))) == {me}
