"""What the answers together say about the gateway."""

import pytest

from mailing_app.dispatch.parts import Delivery, Outcome, Verdict
from mailing_app.dispatch.watch import Watch
from mailing_app.models import Hold
from tests.dispatch.samples import an_answer, an_envelope

WELL = {Outcome.ACCEPTED, Outcome.REFUSED_CODE, Outcome.DUPLICATE}


def delivery(outcome: Outcome, retry_after: float | None = None, began: float = 0.0, **answer: object) -> Delivery:
    return Delivery(an_envelope(), an_answer(**answer), Verdict(outcome, retry_after=retry_after), began)


def wide(seats: int = 64) -> Watch:
    """Of a gateway that has been well for long."""
    watch = Watch(seats)
    while watch.congestion.allowed < seats:
        watch.congestion.thrive()
    return watch


@pytest.mark.parametrize("outcome", Outcome)
def test_which_holds_an_outcome_disproves(outcome: Outcome) -> None:
    lifts = set(Watch(4).heed(delivery(outcome), 0.0).lift)
    if outcome in WELL:
        assert lifts == {Hold.TOKEN_REFUSED, Hold.WRONG_ADDRESS, Hold.SUSPECT}
    elif outcome is Outcome.REFUSED:
        assert lifts == {Hold.TOKEN_REFUSED, Hold.WRONG_ADDRESS}
    else:
        assert lifts == set()


def test_a_refused_token_holds_at_once() -> None:
    assert Watch(4).heed(delivery(Outcome.TOKEN_REFUSED), 0.0).hold is Hold.TOKEN_REFUSED


def test_a_wrong_address_holds_after_three_in_a_row() -> None:
    watch, wrong = Watch(4), delivery(Outcome.WRONG_ADDRESS)
    told = [watch.heed(each, 0.0).hold for each in (wrong, wrong, delivery(Outcome.ACCEPTED), wrong, wrong, wrong)]
    assert told == [None] * 5 + [Hold.WRONG_ADDRESS]


def test_twenty_refusals_are_suspect_and_only_an_acceptance_clears_them() -> None:
    watch, refused = Watch(4), delivery(Outcome.REFUSED)
    for clears in (Outcome.ACCEPTED, Outcome.BUSY):
        assert not any(watch.heed(refused, 0.0).hold for _ in range(19))
        watch.heed(delivery(clears), 0.0)
    assert watch.heed(refused, 0.0).hold is Hold.SUSPECT


@pytest.mark.parametrize(("asked", "waits"), [(None, 5.0), (40.0, 40.0)])
def test_too_fast_asks_everyone_to_wait(asked: float | None, waits: float) -> None:
    assert Watch(4).heed(delivery(Outcome.THROTTLED, retry_after=asked), 0.0).wait == waits


def test_too_fast_and_timeouts_narrow_once_for_all_that_were_on_their_way() -> None:
    watch = wide()
    for number in range(32):
        watch.heed(delivery(Outcome.THROTTLED, began=9.0), 10.0 + number / 100)
    assert watch.congestion.allowed == 32
    watch.heed(delivery(Outcome.CUT_OFF, began=19.0, timed_out=True), 20.0)
    assert watch.congestion.allowed == 16


def test_an_answer_that_waited_to_be_collected_narrows_no_more_for_that() -> None:
    """Begun and answered together; the pump was busy between the two."""
    watch, throttled = wide(), delivery(Outcome.THROTTLED, began=9.995)
    watch.heed(throttled, 10.0)
    watch.heed(throttled, 10.05)
    assert watch.congestion.allowed == 32


@pytest.mark.parametrize("outcome", [Outcome.CUT_OFF, Outcome.GATEWAY_ERROR, Outcome.REFUSED, Outcome.TOKEN_REFUSED])
def test_what_is_no_sign_of_haste_narrows_nothing(outcome: Outcome) -> None:
    watch = wide()
    watch.heed(delivery(outcome), 0.0)
    assert watch.congestion.allowed == 64


def test_failures_open_the_breaker_and_refusals_do_not() -> None:
    watch = Watch(4)
    for _ in range(10):
        watch.heed(delivery(Outcome.REFUSED), 0.0)
        watch.heed(delivery(Outcome.THROTTLED), 0.0)
    assert watch.allows(0, 0.0) > 0
    for _ in range(5):
        watch.heed(delivery(Outcome.NOT_SENT), 0.0)
    assert watch.allows(0, 0.0) == 0


def test_what_is_in_flight_takes_its_seats() -> None:
    assert [wide(4).allows(in_flight, 0.0) for in_flight in (0, 3, 4, 5)] == [4, 1, 0, 0]
