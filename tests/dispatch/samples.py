"""Envelopes and answers for the tests: what is not said is sensible."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mailing_app import clock
from mailing_app.dispatch.parts import Answer, Envelope, Reached

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)


def an_envelope(**given: Any) -> Envelope:
    """A claimed message that may be posted for an hour."""
    ends_at = given.pop("ends_at", clock.now() + timedelta(hours=1))
    plain = {
        "message_id": 17, "mailing_id": 1, "client_id": 1, "epoch": 1, "phone": "79001234567", "text": "Hello, мир!",
        "attempts": 0, "tries": 0, "unknown": False, "frozen": False, "repeats": True,
        "opens_at": clock.now() - timedelta(hours=1), "ends_at": ends_at, "closes_at": ends_at,
        "dispatcher_id": 1, "stale_at": clock.monotonic() + 60,
    }  # fmt: skip
    return Envelope(**(plain | given))


def an_answer(status: int = 200, body: bytes = b'{"code": 0, "message": "OK"}', **given: Any) -> Answer:
    """A whole answer, read at noon."""
    plain = {"reached": Reached.ANSWER_ENDED, "began_at": NOON, "ended_at": NOON, "status": status, "body": body}
    return Answer(**(plain | given))
