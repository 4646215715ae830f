"""How many are claimed ahead: as many as two turns need, none where little comes back."""

from mailing_app.dispatch.ahead import Ahead

TURN, MOST = 0.04, 256


def steady(answers: int, every: float, busy: float = 0.01, seconds: float = 10.0) -> Ahead:
    """What is learnt where so many come back at each note."""
    ahead = Ahead(MOST)
    for turn in range(int(seconds / every)):
        ahead.note(answers, busy, turn * every)
    return ahead


def test_nothing_lies_ready_before_anything_came_back() -> None:
    assert Ahead(MOST).number(TURN) == 0


def test_two_turns_of_what_comes_back_lie_ready() -> None:
    assert 75 <= steady(40, every=0.04).number(TURN) <= 80


def test_where_the_database_is_slow_more_lies_ready() -> None:
    assert 190 <= steady(100, every=0.1, busy=0.1).number(TURN) <= 200


def test_a_slow_gateway_leaves_nothing_ready() -> None:
    assert steady(2, every=0.25).number(TURN) == 0


def test_never_more_than_a_kill_may_leave_claimed() -> None:
    assert steady(500, every=0.04, busy=0.3).number(TURN) == MOST


def test_a_rest_is_over_before_what_lies_ready_is_gone() -> None:
    fast = steady(40, every=0.04, busy=0.01)
    assert 0.014 <= fast.rest(0.03, ready=25) <= 0.016
    assert fast.rest(0.03, ready=500) == 0.03
    assert fast.rest(0.03, ready=1) == 0.0
    assert Ahead(MOST).rest(0.03, ready=1) == 0.03


def test_many_answers_at_once_are_no_rate() -> None:
    ahead = steady(2, every=0.25)
    ahead.note(128, 0.01, 10.0)
    assert ahead.number(TURN) < 20
