"""Recording: outcome, attempt and figures in one transaction, fenced by the claim they belong to."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Integer, String, case, func, literal, or_, select, update
from sqlalchemy.orm import Session

from mailing_app.db import Moment, Upsert, batches, carried, transaction
from mailing_app.dispatch import excerpts, meter
from mailing_app.dispatch.parts import Delivery, Outcome, Reached, Step
from mailing_app.models import Attempt, Id, Message, Status, Tally

Moves = dict[int, Counter[str]]
"""By mailing: how much each figure grows, or shrinks."""


@dataclass(frozen=True, slots=True)
class Result:
    """A delivery and what becomes of its message."""

    delivery: Delivery
    step: Step


_TOLD: dict[str, Any] = {
    "started_at": Moment(), "ended_at": Moment(), "outcome": String(), "http_status": Integer(), "code": Id,
    "error": String(),
}  # fmt: skip
_attempts = Upsert(
    Attempt, ["message_id", "epoch"], lambda truth: {name: truth[name] for name in _TOLD},
    where=Attempt.outcome == Outcome.UNKNOWN.value, message_id=Id, epoch=Integer(), **_TOLD,
)  # fmt: skip


def record(results: Sequence[Result], shown: Sequence[dict[str, Any]] = ()) -> int:
    """Write down what came of the messages, all or nothing; how many were written.

    An outcome that comes after its claim was taken away changes nothing, but that an acceptance is a
    fact about the gateway and makes the message `sent` whatever it had become meanwhile. `shown` are those of
    the answers that are kept for people to look at.
    """
    if not results:
        return 0
    with transaction() as session:
        settled = _settle(session, results)
        moves: Moves = defaultdict(Counter)
        for mailing_id, status in settled.values():
            moves[mailing_id].update({status: 1, Status.SENDING.value: -1})
        late = [result for result in results if _is_late_acceptance(result, settled)]
        _absorb(session, late, moves)
        meter.count(session, _keep_attempts(session, results))
        excerpts.keep(session, shown)
        move(session, moves, _last_bytes(results))
        return len(settled)


def move(session: Session, moves: Mapping[int, Mapping[str, int]], last_bytes: Mapping[int, datetime]) -> None:
    """Move the figures, last in the transaction and mailings in the order of their ids, so that nobody waits long."""
    for mailing_id in sorted({*moves, *last_bytes}):
        moved = moves.get(mailing_id, {})
        changes = {name: getattr(Tally, name) + change for name, change in moved.items() if change}
        if mailing_id in last_bytes:
            changes["last_byte_at"] = _later(Tally.last_byte_at, last_bytes[mailing_id])
        if changes:
            session.execute(update(Tally).where(Tally.mailing_id == mailing_id).values(changes))


def shifted(numbers: Mapping[int, int], origin: Status, goal: Status) -> dict[int, dict[str, int]]:
    """So many messages of each mailing from one state to another, for `move`."""
    return {mailing_id: {origin.value: -number, goal.value: number} for mailing_id, number in numbers.items()}


def kept_where(stands: Any) -> dict[str, Any]:
    """What a claim took from the client, kept where the condition holds and given up elsewhere."""
    taken = (Message.phone, Message.operator_code, Message.tag)
    return {column.key: case((stands, column), else_=None) for column in taken}


def _keep_attempts(session: Session, results: Iterable[Result]) -> list[Delivery]:
    """Keep every attempt; those that are news. Where a sweep wrote "unknown" meanwhile, the truth takes its place.

    Any other that stands already was recorded by a commit whose answer got lost, with these very words.
    """
    begun = [result.delivery for result in results if result.delivery.answer.begun]
    if not begun:
        return []
    news = _attempts.put(session, [_attempt(delivery) for delivery in begun])
    return [each for each in begun if (each.envelope.message_id, each.envelope.epoch) in news]


def _attempt(delivery: Delivery) -> dict[str, Any]:
    answer, verdict = delivery.answer, delivery.verdict
    return {
        "message_id": delivery.envelope.message_id,
        "epoch": delivery.envelope.epoch,
        "started_at": answer.began_at,
        "ended_at": answer.ended_at,
        "outcome": verdict.outcome.value,
        "http_status": answer.status or None,
        "code": verdict.code,
        "error": verdict.error,
    }


def _settle(session: Session, results: Iterable[Result]) -> dict[int, tuple[int, str]]:
    """Move each message on if the claim is still ours; what was moved, as id to mailing and status."""
    # In the order of the ids, as everyone locks messages who may wait for one.
    changes = {"rows": carried(sorted(map(_change, results), key=itemgetter("id")))}
    moved = session.execute(_settling(session.get_bind().dialect.name), changes)
    return {row.id: (row.mailing_id, row.status.value) for row in moved}


@cache
def _settling(_dialect: str) -> Any:
    new = batches(
        id=Id, epoch=Integer(), status=String(), reason=String(), due_at=Moment(), sent_at=Moment(),
        begun=Integer(), tries=Integer(), unknown=Boolean(), frozen=Boolean(),
    )  # fmt: skip
    ours = (Message.id == new.c.id, Message.epoch == new.c.epoch, Message.status == Status.SENDING)
    return (
        update(Message)
        .where(*ours)
        .values(
            status=new.c.status,
            reason=new.c.reason,
            due_at=func.coalesce(new.c.due_at, Message.due_at),
            sent_at=new.c.sent_at,
            attempts=Message.attempts + new.c.begun,
            tries=new.c.tries,
            unknown=new.c.unknown,
            claimed_by=None,
            **kept_where(or_(new.c.frozen, new.c.status != Status.PENDING.value)),
            frozen=new.c.frozen,
        )
        .returning(Message.id, Message.mailing_id, Message.status)
        .execution_options(synchronize_session=False)
    )


def _change(result: Result) -> dict[str, Any]:
    envelope, answer, step = result.delivery.envelope, result.delivery.answer, result.step
    # Once a byte of the payload has left, phone and text stand; before that an edit still reaches it.
    frozen = envelope.frozen or answer.reached is not Reached.NOTHING_LEFT
    return {
        "id": envelope.message_id,
        "epoch": envelope.epoch,
        "status": step.status.value,
        "reason": step.reason,
        "due_at": step.due_at,
        "sent_at": answer.began_at if step.status is Status.SENT else None,
        "begun": int(answer.begun),
        "tries": step.tries,
        "unknown": step.unknown,
        "frozen": frozen,
    }


def _is_late_acceptance(result: Result, settled: Mapping[int, Any]) -> bool:
    _, settled_as = settled.get(result.delivery.envelope.message_id, (0, ""))
    return result.step.status is Status.SENT and settled_as != Status.SENT.value


def _absorb(session: Session, late: Sequence[Result], moves: Moves) -> None:
    """Make sent what was accepted under a claim that is gone."""
    accepted = {result.delivery.envelope.message_id: result.delivery for result in late}
    others = select(Message.id, Message.mailing_id, Message.status).where(
        Message.id.in_(accepted), Message.status != Status.SENT
    )
    for row in session.execute(others.order_by(Message.id).with_for_update()).all():
        session.execute(
            update(Message)
            .where(Message.id == row.id)
            .values(status=Status.SENT, reason="", claimed_by=None, sent_at=accepted[row.id].answer.began_at)
        )
        moves[row.mailing_id].update({Status.SENT.value: 1, row.status.value: -1})


def _last_bytes(results: Iterable[Result]) -> dict[int, datetime]:
    """By mailing, when the latest first byte of this batch left."""
    latest: dict[int, datetime] = {}
    for result in results:
        answer, mailing_id = result.delivery.answer, result.delivery.envelope.mailing_id
        if answer.reached is not Reached.NOTHING_LEFT:
            latest[mailing_id] = max(answer.began_at, latest.get(mailing_id, answer.began_at))
    return latest


def _later(column: Any, moment: datetime) -> Any:
    return case((or_(column.is_(None), column < moment), literal(moment, Moment())), else_=column)
