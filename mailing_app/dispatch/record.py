"""Recording: outcome, attempt and figures in one transaction, fenced by the claim they belong to."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Integer, String, case, func, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import pulse
from mailing_app.batches import Upsert, batches, carried
from mailing_app.db import Moment, after_commit, run, transaction
from mailing_app.dispatch import excerpts, journal, meter
from mailing_app.dispatch.parts import Delivery, Outcome, Reached, Step
from mailing_app.figures import COUNTED, Moves
from mailing_app.models import Attempt, Id, Message, Status


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

    An outcome that comes after its claim was taken away does not change its message, but that an acceptance is a
    fact about the gateway and makes it `sent` whatever it had become meanwhile. `shown` are those of
    the answers that are kept for people to look at.
    """
    if not results:
        return 0
    moves = Moves()
    with pulse.RECORD.time(), transaction() as session:
        settled = _settle(session, results, moves)
        late = [result for result in results if _is_late_acceptance(result, settled)]
        absorb(session, {each.delivery.envelope.message_id: each.delivery.answer.began_at for each in late}, moves)
        meter.count(session, _keep_attempts(session, results))
        excerpts.keep(session, shown)
        _note_last_bytes(results, moves)
        moves.write(session)
        return len(settled)


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


def _settle(session: Session, results: Iterable[Result], moves: Moves) -> dict[int, Status]:
    """Move each message on if the claim is still ours; what was moved, as id to status."""
    # In the order of the ids, as everyone locks messages who may wait for one.
    changes = sorted(map(_change, results), key=itemgetter("id"))
    moved = run(session, _settling(session.get_bind().dialect.name), rows=carried(changes, _CHANGE)).all()
    # By claim: a batch may hold what came late of an earlier one of the same message.
    begun = {(change["id"], change["epoch"]) for change in changes if change["begun"]}
    for row in moved:
        moves.one(row, Status.SENDING)
        if (row.id, row.epoch) in begun:
            moves.attempted(row.mailing_id, row.attempts)
    return {row.id: row.status for row in moved}


_CHANGE: dict[str, Any] = {
    "id": Id, "epoch": Integer(), "status": String(), "reason": String(), "due_at": Moment(), "sent_at": Moment(),
    "begun": Integer(), "tries": Integer(), "unknown": Boolean(), "frozen": Boolean(),
}  # fmt: skip


@cache
def _settling(_dialect: str) -> Any:
    new = batches(**_CHANGE)
    ours = (Message.id == new.c.id, Message.epoch == new.c.epoch, Message.is_in(Status.SENDING))
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
        .returning(Message.id, Message.epoch, Message.attempts, *COUNTED)
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


def _is_late_acceptance(result: Result, settled: Mapping[int, Status]) -> bool:
    return result.step.status is Status.SENT and settled.get(result.delivery.envelope.message_id) is not Status.SENT


def absorb(session: Session, accepted: Mapping[int, datetime], moves: Moves) -> None:
    """Make sent what the gateway accepted without our knowing, as under a claim that is gone: the ids of messages, and
    when the first byte of each left."""
    if not accepted:
        return
    others = select(Message.id, Message.status, Message.reason).where(
        Message.id.in_(accepted), Message.status != Status.SENT
    )
    for was in session.execute(others.order_by(Message.id).with_for_update()).all():
        sent = update(Message).where(Message.id == was.id).returning(Message.id, *COUNTED)
        told = sent.values(status=Status.SENT, reason="", claimed_by=None, sent_at=accepted[was.id])
        row = session.execute(told.execution_options(synchronize_session=False)).one()
        moves.one(row, was.status, was.reason)
        after_commit(session, partial(journal.absorbed, row, was.status))


def _note_last_bytes(results: Iterable[Result], moves: Moves) -> None:
    for result in results:
        if result.delivery.answer.reached is not Reached.NOTHING_LEFT:
            moves.left(result.delivery.envelope.mailing_id, result.delivery.answer.began_at)
