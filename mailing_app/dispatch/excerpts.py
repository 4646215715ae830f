"""Excerpts: the gateway's latest answers as they came, for people to look at. Secrets are masked."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, String, delete, select
from sqlalchemy.orm import Session

from mailing_app.batches import Upsert
from mailing_app.db import Moment, changed, transaction
from mailing_app.dispatch.masking import Mask
from mailing_app.dispatch.parts import Answer, Delivery, Outcome
from mailing_app.models import Dispatcher, Id, RawAnswer

PLACES, FOR_ACCEPTANCES = 20, 5
"""How many answers are kept for each dispatcher, and how many of the places acceptances may take: in fair weather they
would push out within a second what went wrong before."""

OF_A_BATCH = 2
"""The newest so many of each outcome are kept of a batch, so that at full speed it costs nothing."""

ACCEPTANCE_EVERY = timedelta(seconds=1)
"""From one acceptance that is kept to the next: there are thousands, all alike, and to mask one takes milliseconds."""

TELLING = ("content-type", "location", "retry-after", "server")
LONGEST_LINE, LONGEST_BODY, LONGEST = 80, 600, 1000
KEPT_AFTER_LEAVING = timedelta(days=1)


_TOLD: dict[str, Any] = {
    "came_at": Moment(), "message_id": Id, "outcome": String(), "http_status": Integer(), "milliseconds": Integer(),
    "excerpt": String(),
}  # fmt: skip
_answers = Upsert(
    RawAnswer, ["dispatcher_id", "place"], lambda new: {name: new[name] for name in _TOLD},
    dispatcher_id=Id, place=Integer(), **_TOLD,
)  # fmt: skip


class Ring:
    """The places of one process, taken in turn."""

    def __init__(self, mask: Mask) -> None:
        self._mask, self._taken = mask, Counter[bool]()
        self._accepted_at: datetime | None = None

    def rows(self, deliveries: Sequence[Delivery]) -> list[dict[str, Any]]:
        """The answers of a batch that are worth keeping, each with a place of its own, whatever came of them."""
        rows = map(self._row, filter(self._is_wanted, _newest_of_each(deliveries)))
        return list({row["place"]: row for row in rows}.values())

    def _is_wanted(self, delivery: Delivery) -> bool:
        if delivery.verdict.outcome is not Outcome.ACCEPTED:
            return True
        at, before = delivery.answer.ended_at, self._accepted_at
        if before and before <= at < before + ACCEPTANCE_EVERY:
            return False
        self._accepted_at = at
        return True

    def _row(self, delivery: Delivery) -> dict[str, Any]:
        envelope, answer, outcome = delivery.envelope, delivery.answer, delivery.verdict.outcome
        return {
            "dispatcher_id": envelope.dispatcher_id,
            "place": self._next_place(outcome is Outcome.ACCEPTED),
            "came_at": answer.ended_at,
            "message_id": envelope.message_id,
            "outcome": outcome.value,
            "http_status": answer.status or None,
            "milliseconds": round((answer.ended_at - answer.began_at) / timedelta(milliseconds=1)),
            "excerpt": excerpt(answer, self._mask, envelope.phone, envelope.text),
        }

    def _next_place(self, accepted: bool) -> int:
        taken = self._taken[accepted]
        self._taken[accepted] += 1
        return taken % FOR_ACCEPTANCES if accepted else FOR_ACCEPTANCES + taken % (PLACES - FOR_ACCEPTANCES)


def keep(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Put the answers into their places."""
    if rows:
        _answers.put(session, rows)


def forget(now: datetime) -> int:
    """Drop the answers of dispatchers that left long ago; how many."""
    gone = select(Dispatcher.id).where(Dispatcher.left_at < now - KEPT_AFTER_LEAVING)
    with transaction() as session:
        return changed(session, delete(RawAnswer).where(RawAnswer.dispatcher_id.in_(gone)))


def excerpt(answer: Answer, mask: Mask, phone: str, sent: str) -> str:
    """What came, in lines: the status, the headers that tell something, and the beginning of the body."""
    lines = [f"HTTP {answer.status}"] if answer.status else []
    lines += [f"{name}: {answer.headers[name]}"[:LONGEST_LINE] for name in TELLING if name in answer.headers]
    body = answer.body[: 4 * LONGEST_BODY].decode(errors="backslashreplace")
    lines += [text for text in (body, answer.error) if text]
    shown = [_visible(mask.hide(line[: 2 * LONGEST_BODY], phone, sent))[:LONGEST_BODY] for line in lines]
    return "\n".join(shown)[:LONGEST]


def _newest_of_each(deliveries: Iterable[Delivery]) -> list[Delivery]:
    kept: list[Delivery] = []
    seen = Counter[Outcome]()
    for delivery in sorted(deliveries, key=lambda each: each.answer.ended_at, reverse=True):
        outcome = delivery.verdict.outcome
        if delivery.answer.begun and seen[outcome] < OF_A_BATCH:
            seen[outcome] += 1
            kept.append(delivery)
    return kept[::-1]


def _visible(text: str) -> str:
    """Every character that leaves no ink, as a sign that does."""
    return "".join(each if each.isprintable() else _sign(each) for each in text)


def _sign(character: str) -> str:
    code = ord(character)
    return chr(0x2400 + code) if code < 0x20 else f"\\u{code:04x}"
