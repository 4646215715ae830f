"""The steps of a message, as they are told."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from mailing_app.mailings.timeline import Kind, steps
from mailing_app.models import Attempt, Client, GatewayEvent, Mailing, Message, Status

NIGHT = datetime(2026, 6, 1, 20, tzinfo=UTC)
"""06:00 of the next day in Vladivostok."""
OPENING = NIGHT + timedelta(hours=3)
MINUTE = timedelta(minutes=1)


def a_message(status: Status, reason: str = "", **client: Any) -> Message:
    mailing = Mailing(starts_at=NIGHT, ends_at=NIGHT + timedelta(days=1), window_from=time(9), window_to=time(18))
    told = {"created_at": NIGHT, "due_at": OPENING, "status": status, "reason": reason, "attempts": 0}
    return Message(id=1, mailing=mailing, client=Client(timezone="Asia/Vladivostok", **client), **told)


def an_attempt(began_at: datetime, outcome: str) -> Attempt:
    return Attempt(message_id=1, started_at=began_at, ended_at=began_at + timedelta(seconds=3), outcome=outcome)


def kinds(message: Message, attempts: list[Attempt], events: list[GatewayEvent]) -> list[tuple[Kind, int]]:
    return [(step.kind, step.number) for step in steps(message, attempts, events, OPENING + MINUTE)]


def test_weather_and_attempts_stand_in_the_order_of_time() -> None:
    tried = [an_attempt(OPENING, "gateway_error"), an_attempt(OPENING + MINUTE, "accepted")]
    opened = GatewayEvent(kind="breaker_open", turned_at=OPENING + MINUTE / 2)
    told = kinds(a_message(Status.SENT), tried, [opened])
    assert told == [
        (Kind.ENROLLED, 0), (Kind.WINDOW, 0), (Kind.ATTEMPT, 1), (Kind.WEATHER, 0), (Kind.ATTEMPT, 2), (Kind.ENDED, 0),
    ]  # fmt: skip
    [wait] = [step for step in steps(a_message(Status.SENT), tried, [], OPENING) if step.kind is Kind.WINDOW]
    assert (wait.at, wait.until) == (NIGHT, OPENING)


def test_a_wait_that_an_attempt_contradicts_is_not_told() -> None:
    """As after a change of the zone: the message went out by the clock of the old one."""
    told = kinds(a_message(Status.SENT), [an_attempt(NIGHT + MINUTE, "accepted")], [])
    assert told == [(Kind.ENROLLED, 0), (Kind.ATTEMPT, 1), (Kind.ENDED, 0)]


@pytest.mark.parametrize(
    ("status", "reason", "ended_at"),
    [
        (Status.EXPIRED, "mailing_ended", NIGHT + timedelta(days=1)),
        (Status.CANCELLED, "client_opted_out", NIGHT + MINUTE),
        (Status.FAILED, "refused", OPENING + timedelta(seconds=3)),
        (Status.SENDING, "", None),
    ],
)
def test_when_it_ended(status: Status, reason: str, ended_at: datetime | None) -> None:
    message = a_message(status, reason, opted_out_at=NIGHT + MINUTE)
    [*_, last] = steps(message, [an_attempt(OPENING, "refused")], [], OPENING)
    assert (last.kind, last.at) == (Kind.ENDED, ended_at)


def test_what_waits_says_until_when() -> None:
    [*_, last] = steps(a_message(Status.PENDING), [], [], NIGHT)
    assert (last.kind, last.until) == (Kind.WAITS, OPENING)
