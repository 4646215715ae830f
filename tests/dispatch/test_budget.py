"""The retry budget over runs of minutes on a clock of the test's own."""

from heapq import heappop, heappush
from itertools import cycle

import pytest

from mailing_app.dispatch.budget import AT_FIRST, FLAPPING, RECENT, Budget
from mailing_app.dispatch.claim import PUT_OFF

SEATS, TURN = 8, 0.1


def flapping() -> Budget:
    """Of a gateway that has failed for a while, with nothing saved up."""
    budget = Budget()
    for _ in range(RECENT):
        budget.note(False)
    budget.allows(0, 0.0)
    budget.spend(0, int(AT_FIRST))
    return budget


@pytest.mark.parametrize("failing", [3, 5])
def test_calls_stay_below_1_3_times_the_messages_while_so_many_of_ten_fail(failing: int) -> None:
    """A minute in which four new messages come every turn, claimed as `claim` does: the earliest due first."""
    budget, firsts, repeats = Budget(), 0, 0
    fails, due = cycle([number % 10 < failing for number in range(0, 70, 7)]), list[tuple[float, bool]]()
    for turn in range(600):
        now = turn * TURN
        for _ in range(4):
            heappush(due, (now, False))
        room = budget.allows(SEATS, now)
        taken = [heappop(due) for _ in range(SEATS) if due and due[0][0] <= now]
        for again in (again for _, again in taken):
            if again and not room:
                heappush(due, (now + PUT_OFF.total_seconds(), True))
                continue
            room -= again
            budget.spend(not again, again)
            firsts, repeats = firsts + (not again), repeats + again
            failed = next(fails)
            budget.note(not failed)
            if failed:
                heappush(due, (now + 2.0, True))
    assert firsts > 2000
    assert 0.2 * firsts < repeats < 0.3 * firsts


def test_a_gateway_that_is_well_but_for_a_few_is_repeated_without_limit() -> None:
    budget = Budget()
    for turn in range(1000):
        budget.note(turn % RECENT >= FLAPPING * RECENT)
        assert budget.allows(SEATS, 0.0) == SEATS
        budget.spend(0, SEATS)


def test_with_nothing_saved_up_one_repeat_a_second_goes_on() -> None:
    budget, made = flapping(), 0
    for turn in range(1, 101):
        room = budget.allows(SEATS, turn * 0.25)
        budget.spend(0, room)
        made += room
    assert made == 25


def test_four_first_attempts_earn_a_repeat() -> None:
    budget = flapping()
    assert budget.allows(SEATS, 0.0) == 0
    budget.spend(8, 0)
    assert budget.allows(SEATS, 0.0) == 2


def test_time_alone_saves_up_little() -> None:
    budget = flapping()
    assert budget.allows(10_000, 10_000.0) == AT_FIRST


def test_what_first_attempts_earn_waits_until_it_is_needed() -> None:
    """The first attempts of a mailing are due before its repeats, so all of them come first."""
    budget = flapping()
    budget.spend(10_000, 0)
    assert budget.allows(10_000, 10_000.0) == 2500


def test_what_went_well_before_is_no_licence_to_repeat() -> None:
    budget = Budget()
    for _ in range(1000):
        budget.note(True)
        budget.allows(SEATS, 0.0)
        budget.spend(SEATS, 0)
    for _ in range(RECENT):
        budget.note(False)
    assert budget.allows(1000, 0.0) <= AT_FIRST + SEATS


def test_a_gateway_that_is_well_again_is_repeated_without_limit_at_once() -> None:
    budget = flapping()
    for _ in range(RECENT - int(FLAPPING * RECENT)):
        assert budget.allows(SEATS, 0.0) == 0
        budget.note(True)
    assert budget.allows(SEATS, 0.0) == SEATS
