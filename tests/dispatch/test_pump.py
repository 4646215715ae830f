"""The pump against a real gateway and a real database: what the gateway saw, and what the database says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, NoReturn

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from mailing_app import clients, clock, holds, turns
from mailing_app.db import db
from mailing_app.dispatch import deliver, gate, retry, settle, sweep
from mailing_app.dispatch import pump as pump_module
from mailing_app.dispatch.budget import AT_FIRST, RECENT
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.judge import Codes, judge
from mailing_app.dispatch.parts import Answer, Delivery, Envelope, Outcome, Step, Verdict
from mailing_app.dispatch.pump import Pump
from mailing_app.dispatch.record import record
from mailing_app.models import GatewayState, Hold, Mailing, Status, Turn
from mailing_app.practice import PracticeGateway, Weather
from tests.dispatch.test_storage import claim, enrolled, figures, messages, result
from tests.factories import a_client, some_clients
from tests.processes.conftest import eventually


@pytest.fixture
def pump(app: Flask, address: Address) -> Iterator[Pump]:
    """A pump with four seats."""
    pump = Pump(address, 4, Claimer(sweep.enlist(clock.now(), 4)))
    pump.gate.prepare(clock.now())
    yield pump
    pump.stop(2.0)


def run(pump: Pump, until: Callable[[], bool], turns: int = 400) -> None:
    """Turn the pump until it is so."""
    for _ in range(turns):
        pump.turn()
        if until():
            return
    raise AssertionError("the pump never got there")


def all_answered(pump: Pump) -> None:
    """Fill the seats, and wait until all answers are there to be collected."""
    pump.turn()
    eventually(lambda: pump.seats._back.qsize() == len(pump.seats.in_flight))


def fail(*_given: object) -> NoReturn:
    """What a step does when the database has gone."""
    raise OperationalError("UPDATE message", {}, Exception("the server closed the connection"))


def done(mailing: Mailing) -> Callable[[], bool]:
    return lambda: not {"pending", "sending"} & figures(mailing).keys()


def hold() -> Hold | None:
    db.session.commit()
    state = db.session.get(GatewayState, holds.ONLY, populate_existing=True)
    return state.hold if state else None


def test_everyone_gets_it_once(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(30)
    mailing = enrolled()
    run(pump, done(mailing))
    assert figures(mailing) == {"sent": 30}
    assert sorted(seen.message_id for seen in gateway.inbox) == [message.id for message in messages(mailing)]
    assert all(message.sent_at and message.attempts == 1 for message in messages(mailing))


def test_never_more_in_flight_than_seats(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(10)
    mailing = enrolled()
    gateway.close_gate()
    run(pump, lambda: len(gateway.inbox) == 4)
    pump.turn()
    assert figures(mailing) == {"sending": 4, "pending": 6}
    assert len(gateway.inbox) == 4
    gateway.open_gate()
    run(pump, done(mailing))
    assert figures(mailing) == {"sent": 10}


def test_refused_ones_fail_after_one_post(pump: Pump, gateway: PracticeGateway) -> None:
    a_client()
    mailing = enrolled()
    gateway.script(None, [b"HTTP/1.1 400 Bad Request\r\nContent-Length: 9\r\n\r\nbad phone"])
    run(pump, done(mailing))
    [message] = messages(mailing)
    assert figures(mailing) == {"failed": 1}
    assert (message.reason, len(gateway.inbox)) == ("refused", 1)


def test_a_token_refused_holds_everyone_and_counts_no_attempt(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(20)
    mailing = enrolled()
    gateway.set_weather("401")
    run(pump, lambda: hold() is Hold.TOKEN_REFUSED and not pump.held())
    posted = len(gateway.inbox)
    for _ in range(3):
        pump.turn()
    assert len(gateway.inbox) == posted <= 4
    assert figures(mailing) == {"pending": 20}
    assert {message.tries for message in messages(mailing)} == {0}


def test_a_probe_that_succeeds_lifts_the_hold(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "PROBE_EVERY", timedelta(milliseconds=100))
    some_clients(3)
    mailing = enrolled()
    gateway.set_weather("401")
    run(pump, lambda: hold() is Hold.TOKEN_REFUSED and not pump.held())
    gateway.set_weather("fair")
    run(pump, done(mailing))
    assert figures(mailing) == {"sent": 3}
    assert hold() is None


def test_a_good_answer_that_was_on_its_way_before_the_hold_does_not_lift_it(
    pump: Pump, gateway: PracticeGateway
) -> None:
    some_clients(4)
    mailing = enrolled()
    gateway.script(1, [Weather("slow", seconds=0.7)])
    gateway.set_weather("401")
    run(pump, lambda: hold() is Hold.TOKEN_REFUSED)
    run(pump, lambda: not pump.held())
    assert figures(mailing) == {"sent": 1, "pending": 3}
    assert hold() is Hold.TOKEN_REFUSED
    # On a slow machine the next refusal would have brought it back by now.
    assert [turn.kind for turn in turns.since(clock.now() - timedelta(hours=1))] == [Turn.HOLD]


def test_another_token_lifts_the_hold(app: Flask) -> None:
    old, new = gate.Gate("old"), gate.Gate("new")
    old.prepare(clock.now())
    old.hold(Hold.TOKEN_REFUSED, "HTTP 401", clock.now())
    old.prepare(clock.now())
    assert hold() is Hold.TOKEN_REFUSED
    new.prepare(clock.now())
    assert hold() is None


def test_a_wrong_address_holds_after_three_in_a_row(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(5)
    mailing = enrolled()
    gateway.script(None, [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"] * 10)
    run(pump, lambda: hold() is Hold.WRONG_ADDRESS)
    assert figures(mailing).get("failed", 0) == 0


def test_twenty_refusals_without_an_acceptance_are_suspect(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(40)
    mailing = enrolled()
    gateway.script(None, [b"HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n"] * 40)
    run(pump, lambda: hold() is Hold.SUSPECT and not pump.held())
    assert 20 <= figures(mailing)["failed"] <= 23


def test_too_fast_makes_everyone_wait(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(10)
    mailing = enrolled()
    gateway.set_weather(Weather("429", seconds=2))
    run(pump, lambda: not pump.gate.opening(clock.now()).wide and not pump.held())
    assert len(gateway.inbox) <= 4
    assert pump.gate.opening(clock.now() + timedelta(seconds=2)).wide
    assert {message.tries for message in messages(mailing)} == {0}


def test_while_the_gateway_flaps_repeats_are_few_and_first_attempts_go_on(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(12)
    mailing = enrolled()
    waiting = claim(10, by=pump.claimer.dispatcher_id)
    later = mailing.starts_at + timedelta(seconds=1)
    record([result(each, Status.PENDING, Outcome.BUSY, due_at=later, tries=1) for each in waiting])
    for _ in range(RECENT):
        pump.watch.budget.note(False)
    pump.watch.budget.spend(0, int(AT_FIRST))
    run(pump, lambda: figures(mailing).get("sent", 0) >= 2)
    assert {message.attempts for message in messages(mailing)} == {1}


def test_a_gateway_that_is_gone_opens_the_breaker_and_burns_no_attempt(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(20)
    mailing = enrolled()
    gateway.vanish()
    run(pump, lambda: pump.watch.breaker.state(clock.monotonic()) == "open" and not pump.held())
    pump.turn()
    assert figures(mailing) == {"pending": 20}
    assert {message.tries for message in messages(mailing)} == {0}


def test_the_last_message_of_an_erased_client_is_not_posted(pump: Pump, gateway: PracticeGateway) -> None:
    client = a_client()
    mailing = enrolled()
    gateway.close_gate()
    run(pump, lambda: len(gateway.inbox) == 1)
    clients.erase(client.id)
    gateway.vanish()  # the attempt is cut off; with no phone left there is no second one
    gateway.open_gate()
    run(pump, lambda: "sending" not in figures(mailing))
    with db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET due_at = created_at")
    run(pump, done(mailing))
    assert figures(mailing) == {"uncertain": 1}
    assert messages(mailing)[0].phone is None


def test_nothing_leaves_at_or_after_the_end(pump: Pump, gateway: PracticeGateway) -> None:
    gateway.latency = 0.05
    some_clients(400)
    mailing = enrolled(ends_at=clock.now() + timedelta(seconds=1))
    run(pump, lambda: clock.now() >= mailing.ends_at and not pump.held())
    while settle.settle(clock.now()):
        pass
    told = figures(mailing)
    assert set(told) == {"sent", "expired"}
    assert max(seen.first_byte_at for seen in gateway.inbox) < mailing.ends_at.timestamp()
    last = db.session.get_one(Mailing, mailing.id).tally.last_byte_at
    assert last
    assert last < mailing.ends_at


def test_an_orderly_end_records_what_is_in_flight(pump: Pump, gateway: PracticeGateway) -> None:
    some_clients(10)
    mailing = enrolled()
    gateway.latency = 0.3
    pump.turn()
    assert gateway.wait_for_requests(4)
    pump.stop(5.0)
    assert figures(mailing) == {"sent": 4, "pending": 6}


def test_outcomes_are_kept_until_the_database_takes_them(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    from mailing_app.dispatch import pump as module

    def away(*given: object) -> int:
        raise OperationalError("UPDATE", {}, Exception("gone"))

    some_clients(4)
    mailing = enrolled()
    pump.turn()
    assert gateway.wait_for_requests(4)
    with monkeypatch.context() as patch:
        patch.setattr(module, "record", away)
        with pytest.raises(OperationalError):
            run(pump, lambda: False)
        assert pump.held() == {message.id for message in messages(mailing)}
    run(pump, done(mailing))
    assert figures(mailing) == {"sent": 4}
    assert len(gateway.inbox) == 4


def test_an_answer_that_the_judge_stumbles_over_takes_no_seat(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    some_clients(9)
    mailing = enrolled()

    def stumbling(answer: Answer, codes: Codes) -> Verdict:
        if len(gateway.inbox) <= 4:
            raise RecursionError
        return judge(answer, codes)

    monkeypatch.setattr(deliver, "judge", stumbling)
    run(pump, lambda: figures(mailing).get("sent", 0) > 0 and not pump.held())
    assert set(figures(mailing)) <= {"sent", "pending"}  # four seats stumbled, and went on
    assert "fault of our own" in caplog.text
    assert any(each.unknown and each.reason == "unreadable" for each in messages(mailing))


def test_a_result_that_the_database_refuses_spoils_only_its_own_message(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a fault of ours would: one message is told to stay on the wire without anybody holding it."""
    decide = retry.next_step

    def faulty(verdict: Verdict, envelope: Envelope, *given: Any) -> Step:
        step = decide(verdict, envelope, *given)
        return replace(step, status=Status.SENDING) if envelope.message_id == 2 else step

    monkeypatch.setattr(retry, "next_step", faulty)
    some_clients(4)
    mailing = enrolled()
    run(pump, done(mailing))
    assert figures(mailing) == {"sent": 3, "uncertain": 1}
    assert messages(mailing)[1].reason == "internal"


def test_what_comes_back_while_the_pump_records_is_heeded_before_it_claims(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_clients(40)
    mailing = enrolled()
    gateway.set_weather(Weather("401", seconds=60))
    all_answered(pump)
    collects = iter([lambda _seconds: [], pump.seats.collect])  # the answers come after the first look

    def collect(seconds: float) -> list[Delivery]:
        return next(collects)(seconds)

    monkeypatch.setattr(pump.seats, "collect", collect)
    pump.turn()
    assert not pump.seats.in_flight
    monkeypatch.undo()
    pump.flush()
    assert figures(mailing) == {"pending": 40}
    assert len(gateway.inbox) == 4


def test_what_the_database_did_not_take_is_recorded_before_anything_else_is_claimed(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_clients(20)
    mailing = enrolled()
    all_answered(pump)
    order: list[str] = []
    monkeypatch.setattr(pump_module, "record", fail)
    with pytest.raises(OperationalError):
        pump.turn()
    claim = pump.claimer.claim
    monkeypatch.setattr(pump_module, "record", lambda *given: (record(*given), order.append("recorded")))
    monkeypatch.setattr(Claimer, "claim", lambda _self, *given: order.append("claims") or claim(*given))
    pump.turn()
    assert order[:2] == ["recorded", "claims"]
    monkeypatch.undo()
    run(pump, done(mailing))
    assert figures(mailing) == {"sent": 20}
    assert (gateway.counts().received, gateway.counts().repeated) == (20, 0)


def test_what_is_recorded_is_not_kept_though_the_claim_fails(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_clients(20)
    mailing = enrolled()
    all_answered(pump)
    monkeypatch.setattr(Claimer, "claim", fail)
    with pytest.raises(OperationalError):
        pump.turn()
    assert not pump.held()
    assert figures(mailing) == {"sent": 4, "pending": 16}
    monkeypatch.undo()
    run(pump, done(mailing))
    assert (gateway.counts().received, gateway.counts().repeated) == (20, 0)


@pytest.mark.server
def test_what_was_never_recorded_is_kept_whatever_the_reason(
    pump: Pump, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    some_clients(20)
    mailing = enrolled()
    all_answered(pump)

    @contextmanager
    def no_memory(_step: object) -> Iterator[None]:
        yield
        raise MemoryError

    monkeypatch.setattr(pump_module, "beside", no_memory)
    with pytest.raises(MemoryError):
        pump.turn()
    assert len(pump.unrecorded) == 4
    monkeypatch.undo()
    run(pump, done(mailing))
    assert (gateway.counts().received, gateway.counts().repeated) == (20, 0)


def test_what_lies_ready_does_not_leave_once_answers_go_wrong(pump: Pump, gateway: PracticeGateway) -> None:
    """Though the pump is busy with something else."""
    some_clients(60)
    mailing = enrolled()
    gateway.set_weather("500")
    pump._give(pump.claimer.claim(60, 60, clock.now(), clock.monotonic()))
    eventually(lambda: pump.seats._back.qsize() == 60)
    assert len(gateway.inbox) < 5 + 4  # the fifth, and what the other seats had begun before it
    run(pump, lambda: not pump.held())
    assert figures(mailing) == {"pending": 60}


class Generous:
    """Lets eighty lie ready, whatever comes back."""

    def number(self, _turn: float) -> int:
        return 80

    def rest(self, most: float, _ready: int) -> float:
        return max(most, 0.0)

    def note(self, _accepted: int, _busy: float, _now: float) -> None:
        pass


@pytest.mark.parametrize("weather", ["500", "429", "401"])
def test_what_lies_ready_is_taken_back_when_the_weather_changes(
    pump: Pump, gateway: PracticeGateway, weather: str
) -> None:
    some_clients(120)
    mailing = enrolled()
    gateway.set_weather(Weather("slow", seconds=0.1))
    run(pump, lambda: pump.watch.congestion.allowed == 4)
    pump.ahead = Generous()  # type: ignore[assignment]
    run(pump, lambda: pump.seats.waiting)
    gateway.set_weather(Weather(weather, seconds=60))
    asked = len(gateway.inbox)
    run(pump, lambda: not pump.held())
    assert len(gateway.inbox) - asked < 40  # four that end well each make up for what went wrong before
    assert figures(mailing)["pending"] > 60
