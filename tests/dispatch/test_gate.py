"""The gate that all dispatchers share, in the database."""

from datetime import timedelta

import pytest
from flask import Flask

from mailing_app import holds
from mailing_app.db import db
from mailing_app.dispatch import gate
from mailing_app.dispatch.gate import PROBE_EVERY, Gate, Opening
from mailing_app.models import GatewayState, Hold
from tests.dispatch.samples import NOON

WIDE, SHUT, PROBE = Opening(wide=True), Opening(wide=False), Opening(wide=False, probe=True)


@pytest.fixture
def ours(app: Flask) -> Gate:
    """The gate as a process with our token sees it."""
    ours = Gate("ours")
    ours.prepare(NOON)
    return ours


def state() -> GatewayState:
    db.session.commit()
    return db.session.get_one(GatewayState, holds.ONLY, populate_existing=True)


def test_a_hold_lets_one_probe_a_minute_through_whoever_asks_first(ours: Gate) -> None:
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    assert ours.opening(NOON + PROBE_EVERY / 2) == SHUT
    for minute in (1, 2):
        asked = [Gate("ours").opening(NOON + minute * PROBE_EVERY) for _ in range(3)]
        assert asked == [PROBE, SHUT, SHUT]


def test_a_hold_keeps_its_beginning_and_its_reason(ours: Gate) -> None:
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    ours.hold(Hold.SUSPECT, "HTTP 422", NOON + timedelta(seconds=30))
    assert (state().hold, state().held_at, state().detail) == (Hold.TOKEN_REFUSED, NOON, "HTTP 401")


def test_a_hold_binds_only_those_with_the_same_address_and_token(ours: Gate) -> None:
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    assert Gate("another").opening(NOON) == WIDE
    assert Gate("ours").opening(NOON) == SHUT


def test_a_token_that_is_refused_is_held_beside_the_hold_of_another(ours: Gate) -> None:
    """While a token is replaced by one that is refused too, nobody may go on posting with either."""
    another = Gate("another")
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    another.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    assert another.opening(NOON) == SHUT
    assert ours.opening(NOON) == SHUT


def test_another_token_does_not_disprove_a_hold(ours: Gate) -> None:
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    Gate("another").lift(Hold, NOON)
    assert state().hold is Hold.TOKEN_REFUSED
    ours.lift([Hold.WRONG_ADDRESS], NOON)
    assert state().hold is Hold.TOKEN_REFUSED
    ours.lift([Hold.TOKEN_REFUSED], NOON)
    assert (state().hold, state().probe_at) == (None, None)


def test_a_hold_that_nobody_probes_any_more_is_lifted_by_those_with_another_token(ours: Gate) -> None:
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    another = Gate("another")
    assert another.opening(NOON + 2 * PROBE_EVERY) == WIDE
    assert state().hold is Hold.TOKEN_REFUSED
    assert another.opening(NOON + 2 * PROBE_EVERY + timedelta(seconds=1)) == WIDE
    assert (state().hold, state().held_under) == (None, "another")


def test_an_operators_hold_binds_everyone_without_a_probe_and_survives_a_start(ours: Gate) -> None:
    ours.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    holds.stop("the text is wrong")
    for process in (ours, Gate("another")):
        process.prepare(NOON)
        process.lift([Hold.TOKEN_REFUSED], NOON)
        process.hold(Hold.WRONG_ADDRESS, "HTTP 404", NOON)
        assert process.opening(NOON + timedelta(days=1)) == SHUT
    assert (state().hold, state().detail) == (Hold.OPERATOR, "the text is wrong")
    holds.go_on()
    assert ours.opening(NOON) == WIDE


def test_a_wait_is_for_everyone_and_the_longest_counts(ours: Gate) -> None:
    for seconds in (20, 5):
        gate.wait(NOON + timedelta(seconds=seconds), NOON)
    assert Gate("another").opening(NOON + timedelta(seconds=19)) == SHUT
    assert Gate("another").opening(NOON + timedelta(seconds=20)) == WIDE


def test_an_address_and_a_token_are_told_apart_and_kept_nowhere() -> None:
    marks = {gate.fingerprint(url, token) for url in ("http://a", "http://b") for token in ("", "x")}
    assert len(marks) == 4
    assert not any("http" in mark for mark in marks)


def test_another_address_does_not_wait_for_what_the_old_one_asked(ours: Gate) -> None:
    gate.wait(NOON + timedelta(hours=1), NOON)
    another = Gate("another")
    another.prepare(NOON)
    assert another.opening(NOON).wide


def test_an_operator_can_end_a_wait(ours: Gate) -> None:
    gate.wait(NOON + timedelta(hours=1), NOON)
    holds.go_on()
    assert ours.opening(NOON).wide


def test_what_a_process_was_told_itself_outlives_no_step_back(ours: Gate) -> None:
    another = Gate("another")
    for each in (ours, another):
        each.hold(Hold.TOKEN_REFUSED, "HTTP 401", NOON)
    assert another.opening(NOON - timedelta(hours=1)).probe
