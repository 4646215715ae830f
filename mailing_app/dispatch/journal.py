"""What the log tells of one message: each request for it, what came of that, and an end that came without one."""

import logging
from typing import Any

from mailing_app.dispatch.parts import Delivery, Envelope, Outcome, Step
from mailing_app.logs import tell
from mailing_app.masking import masked, without_phones
from mailing_app.models import Status

log = logging.getLogger(__name__)


def asked(envelope: Envelope) -> None:
    """A request begins: told before its first byte, so that after a kill the log says what may have left."""
    told = _of(envelope)
    told["phone"] = masked(envelope.phone)
    tell(log, logging.INFO, "asking the gateway", told)


def answered(delivery: Delivery, step: Step) -> None:
    """What came of a request, how long that took, and what becomes of the message now; its text is absent."""
    envelope, answer, verdict = delivery.envelope, delivery.answer, delivery.verdict
    if not answer.begun:
        log.info("not asked after all", extra=_of(envelope) | _next(step) | {"error": answer.error})
        return
    told = {**_of(envelope), "outcome": verdict.outcome.value, **_next(step)}
    told["seconds"] = round((answer.ended_at - answer.began_at).total_seconds(), 3)
    known = {"http_status": answer.status, "code": verdict.code, "error": without_phones(verdict.error)}
    told.update((name, value) for name, value in known.items() if value)
    # A gateway that knows the id of a message we never sent it has our ids from elsewhere.
    alarming = verdict.outcome is Outcome.INTERNAL or (verdict.outcome is Outcome.DUPLICATE and not envelope.unknown)
    level = logging.ERROR if alarming else logging.INFO
    tell(log, level, "the gateway answered" if answer.status else "no answer from the gateway", told)


def withdrawn(envelope: Envelope, step: Step) -> None:
    """A claimed message found its end before it was sent."""
    log.info("message ended", extra=_of(envelope) | _next(step))


def absorbed(row: Any, was: Status) -> None:
    """The gateway had accepted a message that had become something else for us."""
    log.info("message was accepted after all", extra=_ids(row) | {"status": Status.SENT.value, "was": was.value})


def given_back(row: Any, dispatcher_id: int) -> None:
    """A message was taken from a dispatcher that died: it may have left, and nobody read an answer."""
    told = {"attempt": row.attempts, "status": row.status.value, "reason": row.reason, "dispatcher_id": dispatcher_id}
    log.warning("message taken from a dead dispatcher", extra=_ids(row) | told)


def released(row: Any, dispatcher_id: int) -> None:
    """A claim that nobody knew of was given up; nothing had left."""
    log.warning("stray claim released", extra=_ids(row) | {"dispatcher_id": dispatcher_id})


def _ids(row: Any) -> dict[str, Any]:
    return {"mailing_id": row.mailing_id, "message_id": row.id, "client_id": row.client_id}


def _of(envelope: Envelope) -> dict[str, Any]:
    return {
        "mailing_id": envelope.mailing_id,
        "message_id": envelope.message_id,
        "client_id": envelope.client_id,
        "attempt": envelope.attempts + 1,
    }


def _next(step: Step) -> dict[str, Any]:
    """What becomes of the message: a moment for its next attempt, or an end and why."""
    told: dict[str, Any] = {"status": step.status.value}
    if step.reason:
        told["reason"] = step.reason
    if step.status is Status.PENDING and step.due_at:
        told["due_at"] = step.due_at.isoformat(timespec="seconds")
    return told
