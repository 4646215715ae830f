"""When to try again: the decision is a value, so its test is a table."""

from datetime import datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailing_app import local_time
from mailing_app.dispatch.judge import RULES, Fate
from mailing_app.dispatch.parts import Outcome, Step, Verdict
from mailing_app.dispatch.retry import backoff, next_step
from mailing_app.models import Status
from tests.dispatch.samples import NOON, an_envelope

END = NOON + timedelta(hours=1)


def step(outcome: Outcome, chance: float = 0.5, **given: object) -> Step:
    retry_after = given.pop("retry_after", None)
    envelope = an_envelope(**({"ends_at": END} | given))
    return next_step(Verdict(outcome, retry_after=retry_after), envelope, NOON, chance)


@pytest.mark.parametrize(
    ("outcome", "given_more", "status", "tries", "unknown"),
    [
        (Outcome.ACCEPTED, {}, Status.SENT, 1, False),
        (Outcome.ACCEPTED, {"unknown": True}, Status.SENT, 1, True),
        (Outcome.DUPLICATE, {"unknown": True}, Status.SENT, 1, True),
        (Outcome.DUPLICATE, {}, Status.FAILED, 1, False),
        (Outcome.REFUSED, {}, Status.FAILED, 1, False),
        (Outcome.INTERNAL, {}, Status.FAILED, 1, False),
        (Outcome.REFUSED_CODE, {"tries": 3}, Status.PENDING, 4, False),
        (Outcome.REFUSED_CODE, {"tries": 4}, Status.FAILED, 5, False),
        (Outcome.TOKEN_REFUSED, {"tries": 19}, Status.PENDING, 19, False),
        (Outcome.WRONG_ADDRESS, {}, Status.PENDING, 0, False),
        (Outcome.THROTTLED, {}, Status.PENDING, 0, False),
        (Outcome.NOT_SENT, {}, Status.PENDING, 0, False),
        (Outcome.NOT_BEGUN, {}, Status.PENDING, 0, False),
        (Outcome.BUSY, {}, Status.PENDING, 1, False),
        (Outcome.BUSY, {"tries": 19}, Status.FAILED, 20, False),
        (Outcome.BUSY, {"tries": 19, "unknown": True}, Status.UNCERTAIN, 20, True),
        (Outcome.CUT_OFF, {}, Status.PENDING, 1, True),
        (Outcome.CUT_OFF, {"repeats": False}, Status.UNCERTAIN, 1, True),
        (Outcome.UNREADABLE, {}, Status.PENDING, 1, True),
        (Outcome.UNREADABLE, {"tries": 19}, Status.UNCERTAIN, 20, True),
        (Outcome.GATEWAY_ERROR, {"repeats": False}, Status.UNCERTAIN, 1, True),
        (Outcome.NOT_SENT, {"repeats": False}, Status.PENDING, 0, False),
    ],
)
def test_fate(outcome: Outcome, given_more: dict[str, object], status: Status, tries: int, unknown: bool) -> None:
    decided = step(outcome, **given_more)
    assert (decided.status, decided.tries, decided.unknown) == (status, tries, unknown)


@pytest.mark.parametrize(("tries", "seconds"), [(0, 2), (1, 2), (2, 4), (3, 8), (8, 256), (9, 300), (1000, 300)])
def test_backoff_doubles_up_to_five_minutes(tries: int, seconds: float) -> None:
    assert backoff(tries) == seconds


@pytest.mark.parametrize(
    ("outcome", "given_more", "seconds"),
    [
        (Outcome.BUSY, {"chance": 0.0}, 1),
        (Outcome.BUSY, {"chance": 1.0, "tries": 2}, 8),
        (Outcome.BUSY, {"chance": 0.0, "retry_after": 40.0}, 40),
        (Outcome.CUT_OFF, {"chance": 0.0}, 30),
        (Outcome.NOT_BEGUN, {"chance": 1.0}, 0),
        # Past the end, it is clamped once to a last chance, and later left to expire.
        (Outcome.BUSY, {"chance": 1.0, "tries": 8, "ends_at": NOON + timedelta(seconds=60)}, 55),
        (Outcome.BUSY, {"chance": 1.0, "tries": 8, "ends_at": NOON + timedelta(seconds=5)}, 300),
        (Outcome.BUSY, {"retry_after": 90.0, "ends_at": NOON + timedelta(seconds=60)}, 90),
    ],
)
def test_due(outcome: Outcome, given_more: dict[str, object], seconds: float) -> None:
    assert step(outcome, **given_more).due_at == NOON + timedelta(seconds=seconds)


def test_what_is_not_counted_is_asked_for_more_and_more_rarely_too() -> None:
    """One number that the gateway calls not found, while the others are accepted."""
    waits = [step(Outcome.WRONG_ADDRESS, 1.0, attempts=attempts).due_at for attempts in (0, 3, 20)]
    assert waits == [NOON + timedelta(seconds=seconds) for seconds in (2, 8, 300)]


def test_outside_the_window_it_moves_to_the_next_opening() -> None:
    window = local_time.Window(time(9), time(15))  # noon in UTC is 15:00 in Moscow: just closed
    decided = step(Outcome.BUSY, window=window, zone="Europe/Moscow", ends_at=NOON + timedelta(days=2))
    assert decided.due_at == datetime.fromisoformat("2026-06-02T06:00:00+00:00")


@given(
    st.sampled_from(Outcome),
    st.floats(0, 1),
    st.integers(0, 30),
    st.booleans(),
    st.booleans(),
    st.none() | st.floats(1, 3600),
    st.integers(1, 10_000),
)
def test_bounds(
    outcome: Outcome, chance: float, tries: int, unknown: bool, repeats: bool, wait: float | None, life: int
) -> None:
    end = NOON + timedelta(seconds=life)
    given = {"tries": tries, "unknown": unknown, "repeats": repeats, "retry_after": wait, "ends_at": end}
    decided = step(outcome, chance, **given)
    assert decided.unknown or not unknown
    if decided.status is Status.PENDING:
        assert decided.due_at is not None
        wait_seconds = (decided.due_at - NOON).total_seconds()
        least = 0 if outcome is Outcome.NOT_BEGUN else 1
        assert least <= wait_seconds <= 3600
        assert decided.tries < 20
    if RULES[outcome].unknown and not repeats:
        assert decided.status is Status.UNCERTAIN
    if RULES[outcome].fate is Fate.SENT:
        assert decided.status is Status.SENT
