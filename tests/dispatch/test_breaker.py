"""The circuit breaker on a clock of the test's own."""

from mailing_app.dispatch.breaker import Breaker


def opened() -> Breaker:
    breaker = Breaker()
    for _ in range(5):
        breaker.note(False, 0.0)
    return breaker


def test_closed_lets_everything_through() -> None:
    breaker = Breaker()
    for well in [False, False, False, False, True] * 2:
        assert breaker.allows(64, 10, 0.0) == 64
        breaker.note(well, 0.0)


def test_five_failures_in_a_row_open_it_for_five_seconds() -> None:
    breaker = opened()
    assert breaker.allows(64, 0, 4.9) == 0
    assert breaker.state(4.9) == "open"


def test_half_of_the_last_twenty_open_it() -> None:
    breaker = Breaker()
    for turn in range(20):
        assert breaker.state(0.0) == "closed"
        breaker.note(turn % 2 == 0, 0.0)
    assert breaker.state(0.0) == "open"


def test_half_open_sends_one_and_only_one() -> None:
    breaker = opened()
    assert breaker.allows(64, 0, 5.0) == 1
    assert breaker.allows(63, 1, 5.0) == 0


def test_its_success_closes_and_its_failure_doubles_the_rest() -> None:
    breaker, now = opened(), 5.0
    for rest in (10, 20, 40, 60, 60):
        breaker.note(False, now)
        assert breaker.allows(64, 0, now + rest - 0.1) == 0
        now += rest
    breaker.note(True, now)
    assert breaker.allows(64, 0, now) == 64
    assert breaker.state(now) == "closed"


def test_late_outcomes_while_it_rests_prove_nothing() -> None:
    breaker = opened()
    for _ in range(64):
        breaker.note(True, 1.0)
        breaker.note(False, 1.0)
    assert breaker.allows(64, 0, 4.9) == 0
    assert breaker.allows(64, 0, 5.0) == 1
