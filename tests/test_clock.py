"""Steps of the wall clock, told by the clock that nobody can set."""

from datetime import UTC, datetime, timedelta

import pytest

from mailing_app import clock

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "shown", "step"),
    [
        (5.0, 5.0, 0.0),
        (3600.0, 3600.0, 0.0),
        (5.0, 6.9, 0.0),  # slewed, or held up between the two clocks
        (5.0, 3.1, 0.0),
        (5.0, 7.0, 2.0),
        (5.0, 3605.0, 3600.0),
        (5.0, -3595.0, -3600.0),
        (5.0, 3.0, -2.0),
    ],
)
def test_a_step_is_what_the_wall_clock_shows_beyond_the_time_that_passed(
    passed: float, shown: float, step: float
) -> None:
    steps = clock.Steps()
    assert steps.since_last_look(NOON, 100.0) == timedelta()
    assert steps.since_last_look(NOON + timedelta(seconds=shown), 100.0 + passed) == timedelta(seconds=step)


def test_each_step_is_told_once() -> None:
    steps = clock.Steps()
    steps.since_last_look(NOON, 0.0)
    back = NOON - timedelta(hours=1)
    assert steps.since_last_look(back, 1.0) < timedelta()
    assert steps.since_last_look(back + timedelta(seconds=1), 2.0) == timedelta()
